"""Which error of the headers would explain that crossing images disagree."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from torch import Tensor

from medssl.data.plane_profiles import PlaneImage, agreements
from medssl.geometry import lps_ras, normal

__all__ = ["EVERY_PLANE", "Verdict", "judge_geometry"]

EVERY_PLANE = "every plane"
LEAST_EDGES = 0.2  # right geometry of images of other contrasts: 0.24 and more; wrong: mostly below 0.1
FIXED_MARGIN, MARGIN_OF_ONE = 0.1, 0.2  # what a repair must gain: 0.3 for one pair of planes, 0.12 for a hundred
MOVES_MM = (-40, -30, -20, -10, 10, 20, 30, 40)

Repair = Callable[[Sequence[PlaneImage]], list[PlaneImage]]


@dataclass(frozen=True)
class Verdict:
    """How well one stack fits what the other planes show.

    Args:
        stack: name of the stack, or ``every plane``.
        measure: ``grey values``, or ``edges`` where the images show other contrasts.
        found: mean correlation over all pairs of planes, with the affines as they are.
        repair: what would raise it most, if that is clearly better; else empty.
        repaired: the mean correlation after the repair.
        low: whether ``found`` is too low, whatever a repair would do.
        pairs: pairs of planes that were compared.
    """

    stack: str
    measure: str
    found: float
    repair: str
    repaired: float
    low: bool
    pairs: int

    @property
    def gain(self) -> float:
        """What the repair adds to the correlations of all pairs together."""
        return self.pairs * (self.repaired - self.found) if self.repair else 0.0


def judge_geometry(planes: Sequence[PlaneImage], *, min_correlation: float = 0.5) -> list[Verdict]:
    """Compare every stack with the other planes along their common lines, as it is and after likely repairs.

    Repairs are: other sign of x and y (LPS read as RAS), columns or rows in reverse, columns and rows exchanged, pixel
    spacings exchanged, slices in reverse, moves of up to 40 mm along the image's axes and across it. The repair that
    gains most is made, then all is judged anew, until none is left: so one wrong stack does not make others look wrong.
    What turns or moves all planes alike changes nothing between them and cannot be seen here.

    Args:
        planes: of one study.
        min_correlation: mean correlation of grey values below which a stack disagrees. Where no repair reaches it, the
            contrasts are taken to differ, and the stack is judged by its edges.

    Returns:
        First the stacks with a repair, in the order of their gain, then all others; none if no planes cross.
    """
    planes = list(planes)
    mended: list[Verdict] = []
    while True:
        verdicts = [judge(planes, stack, min_correlation=min_correlation) for stack in _stacks(planes)]
        known = [verdict for verdict in verdicts if verdict]
        done = {verdict.stack for verdict in mended}
        best = max(known, key=lambda verdict: round(verdict.gain, 6), default=None)
        if best is None or not best.repair or best.stack in done:
            return mended + [verdict for verdict in known if verdict.stack not in {*done, EVERY_PLANE}]
        mended.append(best)
        planes = repaired_planes(planes, best.stack, repair=repairs_of(best.stack)[best.repair])


def judge(planes: Sequence[PlaneImage], stack: str, *, min_correlation: float) -> Verdict | None:
    """Judge one stack, or every plane at once; None if it crosses no other plane."""
    tried = _scores(planes, stack)
    most = max(len(scores) for scores in tried.values())
    found = tried.pop("")
    if not len(found):
        return None
    tried = {name: scores for name, scores in tried.items() if len(scores) >= max(1, most / 2)}
    means = {name: _means(scores) for name, scores in tried.items()}
    here = _means(found)
    alike = max([here[0], *(mean[0] for mean in means.values())]) >= min_correlation
    column = 0 if alike else 1
    best = max(means, key=lambda name: means[name][column], default="")
    gains = means[best][column] - here[column] if best else 0.0
    clear = gains > FIXED_MARGIN + MARGIN_OF_ONE / np.sqrt(len(found))
    return Verdict(
        stack=stack,
        measure="grey values" if alike else "edges",
        found=here[column],
        repair=best if clear else "",
        repaired=means[best][column] if clear else here[column],
        low=here[column] < (min_correlation if alike else LEAST_EDGES),
        pairs=len(found),
    )


def repairs_of(stack: str) -> dict[str, Repair]:
    """What may be wrong with a stack, by its description; the first changes nothing."""
    repairs: dict[str, Repair] = {
        "": list,
        "columns in reverse": partial(_each, change=partial(_reversed, axis=0)),
        "rows in reverse": partial(_each, change=partial(_reversed, axis=1)),
        "columns and rows exchanged": partial(_each, change=_exchanged),
        "pixel spacings exchanged": partial(_each, change=_respaced),
    }
    if stack == EVERY_PLANE:  # the others turn or move all planes alike
        return repairs
    repairs |= {
        "x and y negated (LPS read as RAS)": partial(_each, change=_negated),
        "slices in reverse": _turned_over,
    }
    for axis, way in enumerate(("its columns", "its rows", "its normal")):
        for step in MOVES_MM:
            repairs[f"a move of {step:+d} mm along {way}"] = partial(
                _each, change=partial(_moved, axis=axis, step=step)
            )
    return repairs


def _stacks(planes: Sequence[PlaneImage]) -> list[str]:
    return [*dict.fromkeys(plane.stack for plane in planes), EVERY_PLANE]


def repaired_planes(planes: Sequence[PlaneImage], stack: str, *, repair: Repair) -> list[PlaneImage]:
    """All planes, those of one stack after a repair.

    Args:
        planes: of one study.
        stack: which planes are changed; may be ``every plane``.
        repair: one of :func:`repairs_of`.
    """
    mine = [plane for plane in planes if stack in (plane.stack, EVERY_PLANE)]
    changed = iter(repair(mine))
    return [next(changed) if stack in (plane.stack, EVERY_PLANE) else plane for plane in planes]


def _scores(planes: Sequence[PlaneImage], stack: str) -> dict[str, np.ndarray]:
    """By repair, both correlations of every pair of crossing planes, at least one of the stack, ``(n, 2)``."""
    repairs = repairs_of(stack)
    pairs = [_pairs(repaired_planes(planes, stack, repair=repair), stack) for repair in repairs.values()]
    scores = agreements([pair for tried in pairs for pair in tried])[:, :2].reshape(len(repairs), -1, 2)
    return {name: each[np.isfinite(each).all(axis=1)] for name, each in zip(repairs, scores, strict=True)}


def _pairs(planes: Sequence[PlaneImage], stack: str) -> list[tuple[PlaneImage, PlaneImage]]:
    return [
        (one, other)
        for number, one in enumerate(planes)
        for other in planes[number + 1 :]
        if one.stack != other.stack and stack in (one.stack, other.stack, EVERY_PLANE)
    ]


def _means(scores: np.ndarray) -> tuple[float, float]:
    return float(scores[:, 0].mean()), float(scores[:, 1].mean())


def _each(planes: Sequence[PlaneImage], *, change: Callable[[PlaneImage], Tensor]) -> list[PlaneImage]:
    return [replace(plane, affine=change(plane)) for plane in planes]


def _reversed(plane: PlaneImage, *, axis: int) -> Tensor:
    affine = plane.affine.clone()
    affine[:3, 3] += (plane.values.shape[axis] - 1) * affine[:3, axis]
    affine[:3, axis] *= -1
    return affine


def _negated(plane: PlaneImage) -> Tensor:
    return lps_ras(plane.affine)


def _exchanged(plane: PlaneImage) -> Tensor:
    return plane.affine[:, [1, 0, 2, 3]]


def _respaced(plane: PlaneImage) -> Tensor:
    affine = plane.affine.clone()
    steps = affine[:3, :2].norm(dim=0)
    affine[:3, :2] *= steps.flip(0) / steps
    return affine


def _moved(plane: PlaneImage, *, axis: int, step: float) -> Tensor:
    affine = plane.affine.clone()
    way = normal(affine) if axis == 2 else affine[:3, axis] / affine[:3, axis].norm()
    affine[:3, 3] += step * way
    return affine


def _turned_over(planes: Sequence[PlaneImage]) -> list[PlaneImage]:
    return [replace(plane, affine=other.affine) for plane, other in zip(planes, planes[::-1], strict=True)]
