"""Painting over boxes of an image, or over all but some boxes."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from functools import cached_property
from typing import Any, Literal

import numpy as np

from medssl.transforms.base import RandImage, even_noise, require_chances, voxels_along
from medssl.transforms.mapping import RandMap

__all__ = ["RandInPaint", "RandInPaintd", "RandOutPaint", "RandOutPaintd", "keep_boxes", "paint_boxes"]

Box = tuple[slice, ...]
Fill = Literal["noise", "constant"]


def paint_boxes(image: np.ndarray, *, boxes: Sequence[Box], fills: Sequence[np.ndarray | float]) -> np.ndarray:
    """A copy of the image with each box replaced by its fill, later boxes over earlier ones.

    Args:
        image: ``(C, *S)``.
        boxes: one slice for each spatial axis.
        fills: for each box a number, or values of its shape.
    """
    painted = image.copy()
    for box, fill in zip(boxes, fills, strict=True):
        painted[(slice(None), *box)] = fill
    return painted


def keep_boxes(image: np.ndarray, *, boxes: Sequence[Box], background: np.ndarray | float) -> np.ndarray:
    """A background with the boxes of the image in it.

    Args:
        image: ``(C, *S)``.
        boxes: one slice for each spatial axis.
        background: a number, or values of the image's shape.
    """
    kept = np.empty_like(image)
    kept[...] = background
    for box in boxes:
        kept[(slice(None), *box)] = image[(slice(None), *box)]
    return kept


class _RandBoxes(RandImage):
    """What both paintings share: boxes drawn one after another inside the image, and what is painted."""

    values = "unit"

    def __init__(self, prob: float, *, boxes: int, box_prob: float, margin: int, fill: Fill) -> None:
        super().__init__(prob)
        name = type(self).__name__
        require_chances(name, box_prob=box_prob)
        if boxes < 1 or margin < 0:
            raise ValueError(f"{name} needs at least 1 box and a margin of 0 or more, got {boxes} and {margin}.")
        if fill not in ("noise", "constant"):
            raise ValueError(f"{name} needs fill 'noise' or 'constant', got {fill!r}.")
        self.boxes = boxes
        self.box_prob = box_prob
        self.margin = margin
        self.fill = fill

    @abstractmethod
    def edges(self, shape: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Shortest and longest edges of a box in an image of this shape."""

    def _draw_boxes(self, shape: np.ndarray, first_prob: float) -> list[Box]:
        chances = [first_prob] + [self.box_prob] * (self.boxes - 1)
        low, high = self.edges(shape)
        drawn: list[Box] = []
        while len(drawn) < self.boxes and self.R.rand() < chances[len(drawn)]:
            sizes = self.R.randint(low, high + 1)
            starts = self.R.randint(self.margin, shape - sizes - self.margin + 1)
            drawn.append(tuple(slice(start, start + size) for start, size in zip(starts, sizes, strict=True)))
        return drawn

    def _draw_fill(self, shape: Sequence[int], dtype: Any) -> np.ndarray | float:
        return even_noise(self.R, shape, dtype=dtype) if self.fill == "noise" else self.R.rand()

    @cached_property
    def shortest(self) -> int:
        """The shortest axis that has room for every box."""
        for length in range(1, 10_000):
            low, high = self.edges(np.array([length]))
            if 1 <= low[0] <= high[0] <= length - 2 * self.margin:
                return length
        raise ValueError(f"{type(self).__name__}: boxes of these sizes never fit with a margin of {self.margin}.")

    def _require_room(self, shape: np.ndarray) -> None:
        if shape.min() < self.shortest:
            raise ValueError(
                f"{type(self).__name__} needs at least {self.shortest} voxels along each axis for its boxes and a "
                f"margin of {self.margin}, got {shape.tolist()}; pad the image, or give other sizes."
            )


class RandInPaint(_RandBoxes):
    """Paint over boxes inside an image.

    What was there can only be restored from its surroundings.

    Args:
        prob: chance of painting at all, in [0, 1].
        boxes: the most boxes.
        first_prob: chance of the first box, in [0, 1].
        box_prob: chance of each further box; the first that is not drawn is the last, in [0, 1].
        size: shortest and longest edge of a box along each axis: below 1 a share of the axis, from 1 on voxels.
        margin: voxels between a box and the border of the image, at least.
        fill: ``noise``, even in (0, 1) for each voxel, or ``constant``, one such value for each box.

    Shape:
        ``(C, *S)`` in, the same out. Values in [0, 1] before and after.

    Raises:
        ValueError: if a value lies outside [0, 1], or an axis is too short for a box.

    Source:
        Zhou et al., Models Genesis, Medical Image Analysis 2021, in-painting.
    """

    def __init__(
        self,
        prob: float = 1.0,
        *,
        boxes: int = 1,
        first_prob: float = 1.0,
        box_prob: float = 0.95,
        size: Sequence[float] = (1 / 6, 1 / 3),
        margin: int = 3,
        fill: Fill = "noise",
    ) -> None:
        super().__init__(prob, boxes=boxes, box_prob=box_prob, margin=margin, fill=fill)
        require_chances("RandInPaint", first_prob=first_prob)
        self.first_prob = first_prob
        self.size = tuple(size)

    def edges(self, shape: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return voxels_along(shape, self.size[0]), voxels_along(shape, self.size[1])

    def randomize(self, data: Any = None) -> None:
        super().randomize(data)
        shape = np.asarray(data.shape[1:])
        self._require_room(shape)
        if self._do_transform:
            self.drawn = self._draw_boxes(shape, self.first_prob)
            sizes = [[side.stop - side.start for side in box] for box in self.drawn]
            self.fills = [self._draw_fill((len(data), *size), data.dtype) for size in sizes]

    def apply(self, image: np.ndarray) -> np.ndarray:
        return paint_boxes(image, boxes=self.drawn, fills=self.fills)


class RandInPaintd(RandMap):
    """Dictionary form of :class:`RandInPaint`."""

    array_class = RandInPaint


class RandOutPaint(_RandBoxes):
    """Paint over all of an image but some boxes.

    What was there can only be restored by knowing what lies around such a part.

    Args:
        prob: chance of painting at all, in [0, 1].
        boxes: the most boxes that are kept; the first always is.
        box_prob: chance of each further box; the first that is not drawn is the last, in [0, 1].
        trim: how much shorter than the axis a box is, at least and at most: below 1 a share of the axis, from 1 on
            voxels.
        margin: voxels between a box and the border of the image, at least.
        fill: ``noise``, even in (0, 1) for each voxel, or ``constant``, one such value for all.

    Shape:
        ``(C, *S)`` in, the same out. Values in [0, 1] before and after.

    Raises:
        ValueError: if a value lies outside [0, 1], or an axis is too short for a box.

    Source:
        Zhou et al., Models Genesis, Medical Image Analysis 2021, out-painting.
    """

    def __init__(
        self,
        prob: float = 1.0,
        *,
        boxes: int = 1,
        box_prob: float = 0.95,
        trim: Sequence[float] = (3 / 7, 4 / 7),
        margin: int = 3,
        fill: Fill = "noise",
    ) -> None:
        super().__init__(prob, boxes=boxes, box_prob=box_prob, margin=margin, fill=fill)
        self.trim = tuple(trim)

    def edges(self, shape: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return shape - voxels_along(shape, self.trim[1]), shape - voxels_along(shape, self.trim[0])

    def randomize(self, data: Any = None) -> None:
        super().randomize(data)
        shape = np.asarray(data.shape[1:])
        self._require_room(shape)
        if self._do_transform:
            self.drawn = self._draw_boxes(shape, 1.0)
            self.background = self._draw_fill(data.shape, data.dtype)

    def apply(self, image: np.ndarray) -> np.ndarray:
        return keep_boxes(image, boxes=self.drawn, background=self.background)


class RandOutPaintd(RandMap):
    """Dictionary form of :class:`RandOutPaint`."""

    array_class = RandOutPaint
