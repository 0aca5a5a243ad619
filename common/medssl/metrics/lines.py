"""How far predicted lines are off."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from ignite.metrics import Metric
from ignite.metrics.metric import reinit__is_reduced, sync_all_reduce
from torch import Tensor

from medssl.geometry import clip_line, line_angle_deg, line_distances

__all__ = ["LineError", "decode_lines"]

HEIGHT = 0.3  # of a map's highest value that its ridge is taken from
ROUNDS = 2  # of finding a line again
KINDS = ("deg", "mm")


def decode_lines(maps: Tensor, pixel_axes: Tensor) -> Tensor:
    """Lines along the ridges of maps.

    What reaches 0.3 of a map's highest value counts by its square; the line runs through the centre of these weights
    along their principal axis, both in mm. Where the image's edge cuts a ridge askew, one side of it weighs more and
    turns the axis, so that the line is found again from those pixels whose mirror image in it is in the image too.

    Args:
        maps: one line a channel, highest on the line.
        pixel_axes: of each image, see :func:`medssl.geometry.pixel_axes`.

    Returns:
        Forms in float64 on the CPU, see :func:`medssl.geometry.line_form`; NaN for maps that nowhere exceed 0.

    Shape:
        ``(N, G, W, H)`` and ``(N, 2, 2)`` in, ``(N, G, 3)`` out.
    """
    maps, axes = (each.detach().cpu().double() for each in (maps, pixel_axes))
    found = maps.new_full((*maps.shape[:2], 3), torch.nan)
    for image, channels in enumerate(maps):
        for channel, heights in enumerate(channels):
            if heights.max() > 0:
                found[image, channel] = _decode(heights, axes[image])
    return found


def _decode(heights: Tensor, axes: Tensor) -> Tensor:
    places = (heights >= HEIGHT * heights.max()).nonzero()
    weights = heights[tuple(places.T)].square()  # (P,)
    places, last = places.double(), torch.tensor(heights.shape) - 1
    points = places @ axes.T  # (P, 2), mm
    line = _principal_line(weights, points)
    for _ in range(ROUNDS):
        across, offset = line[:2], line[2]
        step = torch.linalg.solve(axes, across)  # one mm across the line, in pixels
        mirrored = places - 2 * (points @ across + offset)[:, None] * step
        inside = ((mirrored > -0.5) & (mirrored < last + 0.5)).all(dim=1)
        if inside.any():
            line = _principal_line(weights[inside], points[inside])
    return torch.cat([line[:2] @ axes, line[2:]])


def _principal_line(weights: Tensor, points: Tensor) -> Tensor:
    """Unit normal and offset of the line along weighted points: ``(P,)`` and ``(P, 2)`` in, ``(3,)`` out."""
    centre = weights @ points / weights.sum()
    x, y = (points - centre).T
    turn = torch.atan2(2 * (weights * x * y).sum(), (weights * (x.square() - y.square())).sum()) / 2  # of the axis
    across = torch.stack([-turn.sin(), turn.cos()])
    return torch.cat([across, -(across @ centre)[None]])


class LineError(Metric):
    """Mean error of predicted lines over all channels whose true line is known.

    Args:
        kind: "deg", the acute angle between both lines in the physical plane, or "mm", the mean distance of 101 points
            of the true line inside the image from the predicted one. A map that nowhere exceeds 0 counts as 90 degrees,
            or as half the image's diagonal.
        output_transform: gives from an engine's output a dictionary of ``maps``, ``line_forms`` and ``pixel_axes``, as
            :class:`medssl.engines.LineOutput` does.

    Shape:
        ``maps`` ``(N, G, W, H)``, ``line_forms`` ``(N, G, 3)`` with NaN for unknown lines, ``pixel_axes``
        ``(N, 2, 2)``. The mean is not a number if no line is known.

    Raises:
        ValueError: if the kind is another.

    Source:
        Wei et al., Training automatic view planner for cardiac MR imaging via self-supervision, MICCAI 2021 (errors in
        degrees and mm); points along the true line are ours.
    """

    required_output_keys = ("maps", "line_forms", "pixel_axes")

    def __init__(self, kind: str = "deg", *, output_transform: Callable[[Any], Mapping[str, Tensor]]) -> None:
        if kind not in KINDS:
            raise ValueError(f"LineError knows the kinds {' and '.join(KINDS)}, got {kind!r}.")
        self.kind = kind
        super().__init__(output_transform=output_transform)

    @reinit__is_reduced
    def reset(self) -> None:
        self.sums = torch.zeros(2, dtype=torch.float64)  # errors, lines

    @reinit__is_reduced
    def update(self, output: tuple[Tensor, Tensor, Tensor]) -> None:
        maps, *truth = output
        forms, axes = (each.detach().cpu().double() for each in truth)
        found, size = decode_lines(maps, axes), maps.shape[2:]
        for image, channel in (~forms.isnan().any(dim=2)).nonzero().tolist():
            lines = forms[image, channel], found[image, channel]
            if clip_line(lines[0], size) is not None:
                self.sums += torch.tensor([self.error(*lines, size=size, axes=axes[image]), 1.0], dtype=torch.float64)

    def error(self, true: Tensor, found: Tensor, *, size: Sequence[int], axes: Tensor) -> float:
        """Error of one line, the worst if none was found."""
        if found.isnan().any():
            last = axes.new_tensor([edge - 1 for edge in size])
            return 90.0 if self.kind == "deg" else float((axes @ last).norm() / 2)
        if self.kind == "deg":
            return line_angle_deg(true, found, axes=axes)
        return float(line_distances(true, found, size=size, axes=axes).mean())

    @sync_all_reduce("sums")
    def compute(self) -> float:
        return float(self.sums[0] / self.sums[1])
