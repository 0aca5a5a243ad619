"""Which planes of a study form a stack, and where each of them lies in it."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from medssl.geometry import relative_locations, slice_positions

__all__ = ["stacked"]

logger = logging.getLogger(__name__)
FEWEST = 3  # different positions
SAME_MM, SAME_DEG, SAME_SIZE = 0.1, 1.0, 0.01  # the last as a share of the pixel's

Record = dict[str, Any]


def stacked(planes: Sequence[Mapping[str, Any]], directions: Mapping[str, Any]) -> list[Record]:
    """Planes of one study in the order of their stacks, with ``stack``, ``number``, ``location`` and ``stack_mm``.

    Parallel planes of one view (normals and axes within 1 degree) with three or more positions, each 0.1 mm from the
    next, are a stack: those of one file or series first, then what is left, over all files, if the pixels are alike and
    either all or none have several frames. Every other plane is a stack of its own.

    Args:
        planes: with ``view``, ``source`` (number of the file), ``affine``, ``frames`` and ``placed``; what is not
            placed forms stacks by file alone, in its order.
        directions: by view, where its last slice lies as seen from the first, LPS; or ``folded``, where nobody knows
            which end is which, for the distance from the middle. Planes of other views get no location.

    Returns:
        New records without ``source``, numbered along the direction.

    Raises:
        ValueError: if a direction is neither three numbers nor ``folded``.
    """
    towards = {view: _checked(direction, view) for view, direction in directions.items()}
    left, stacks = [dict(plane) for plane in planes], []
    for alike in (_of_one_source, _of_one_kind):
        found = [group for group in _grouped(left, alike) if _positions(group) >= FEWEST]
        taken = {id(plane) for group in found for plane in group}
        stacks += found
        left = [plane for plane in left if id(plane) not in taken]
    stacks += [[plane] for plane in left]
    stacks.sort(key=lambda stack: min(plane["source"] for plane in stack))
    return [
        plane | {"stack": number}
        for number, stack in enumerate(stacks)
        for plane in _numbered(stack, towards.get(stack[0]["view"]))
    ]


def _checked(direction: Any, view: str) -> str | list[float]:
    if direction == "folded":
        return direction
    numbers = isinstance(direction, Sequence) and all(isinstance(part, int | float) for part in direction)
    if not numbers or len(direction) != 3 or not any(direction):
        raise ValueError(
            f"The direction of {view} is three numbers, left, posterior and superior, such as [1, -1, -1], or "
            f"'folded'; got {direction!r}."
        )
    return list(direction)


def _grouped(planes: list[Record], alike: Callable[[Record, Record], bool]) -> list[list[Record]]:
    groups: list[list[Record]] = []
    for plane in planes:
        home = next((group for group in reversed(groups) if alike(group[0], plane)), None)
        if home is None:
            groups.append([plane])
        else:
            home.append(plane)
    return groups


def _of_one_source(one: Record, other: Record) -> bool:
    return one["source"] == other["source"] and _parallel(one, other)


def _of_one_kind(one: Record, other: Record) -> bool:
    sizes = [np.linalg.norm(np.asarray(plane["affine"])[:3, :2], axis=0) for plane in (one, other)]
    return (
        one["placed"]
        and other["placed"]
        and (one["frames"] > 1) == (other["frames"] > 1)
        and bool((np.abs(sizes[0] / sizes[1] - 1) < SAME_SIZE).all())
        and _parallel(one, other)
    )


def _parallel(one: Record, other: Record) -> bool:
    if one["view"] != other["view"]:
        return False
    axes = [np.asarray(plane["affine"])[:3, :2] for plane in (one, other)]
    cosines = [float(a @ b / np.linalg.norm(a) / np.linalg.norm(b)) for a, b in zip(axes[0].T, axes[1].T, strict=True)]
    return min(cosines) > math.cos(math.radians(SAME_DEG))


def _positions(stack: list[Record]) -> int:
    along = sorted(slice_positions([plane["affine"] for plane in stack], None))
    return 1 + sum(after - before >= SAME_MM for before, after in pairwise(along))


def _numbered(stack: list[Record], direction: str | list[float] | None) -> list[Record]:
    affines, placed = [plane["affine"] for plane in stack], stack[0]["placed"]
    towards = direction if placed and isinstance(direction, list) else None  # what lies nowhere keeps its file's order
    along = slice_positions(affines, towards)
    if math.isnan(along[0]):
        logger.warning("a stack of %s runs across its direction %s, so no end is first.", stack[0]["view"], towards)
        along, direction = slice_positions(affines, None), None
    locations = relative_locations(along) if direction else [math.nan] * len(along)
    if direction == "folded":
        locations = [abs(2 * location - 1) for location in locations]
    length = max(along) if placed or not _sizeless(affines[0]) else None
    if direction == "folded" and length is not None:
        length /= 2  # from the middle, where the location is 0, to either end
    order = sorted(range(len(stack)), key=along.__getitem__)
    return [
        _facts(stack[place], number, location=locations[place], length=length) for number, place in enumerate(order)
    ]


def _facts(plane: Record, number: int, *, location: float, length: float | None) -> Record:
    known = {key: value for key, value in plane.items() if key != "source"}
    return known | {"number": number, "location": None if math.isnan(location) else location, "stack_mm": length}


def _sizeless(affine: Any) -> bool:
    """Whether the size of voxels is lost as well: 1 mm along each axis is what programs write that do not know it."""
    return bool(np.allclose(np.linalg.norm(np.asarray(affine)[:3, :3], axis=0), 1))
