"""Cutting boxes out of an image, keeping only boxes, or swapping boxes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from random import Random
from typing import Any

import numpy as np

from medssl.transforms.base import RandImage, require_chances, voxels_along
from medssl.transforms.mapping import RandMap
from medssl.transforms.painting import Box, keep_boxes, paint_boxes

__all__ = ["RandBoxDistortion", "RandBoxDistortiond", "swap_boxes"]

Axis = tuple[int, int, int, int]  # length, margin, smallest and largest size

BRANCHES = ("cut", "keep", "swap", "none")


def swap_boxes(image: np.ndarray, *, pairs: Sequence[Sequence[Box]]) -> np.ndarray:
    """A copy of the image with the two boxes of each pair swapped.

    Each box gets what the image had in the other before any swap. Where boxes overlap, later pairs win over earlier
    ones, and the second box of a pair over the first.

    Args:
        image: ``(C, *S)``.
        pairs: two boxes of one size, each with one slice for each spatial axis.
    """
    swapped = image.copy()
    for pair in pairs:
        first, second = ((slice(None), *box) for box in pair)
        swapped[first] = image[second]
        swapped[second] = image[first]
    return swapped


class RandBoxDistortion(RandImage):
    """Do one of four things to an image: cut boxes out, keep only boxes, swap pairs of small boxes, or nothing.

    What is cut out, and what lies around the boxes that are kept, becomes 0. Boxes may overlap.

    Args:
        prob: chance of doing one of the four at all, in [0, 1].
        branch_probs: chances of cutting out, of keeping and of swapping; the rest of 1 is for nothing.
        cut_size: shortest and longest edge of a box that is cut out. As the next three: below 1 a share of the axis,
            from 1 on voxels. A share is rounded down, but sizes are 1 voxel at least.
        trim: how much shorter than the axis a box that is kept is, at least and at most.
        swap_size: shortest and longest edge of a box that is swapped.
        margin: between a box and the border of the image, at least.
        rounds: the most boxes that are cut out or kept, and the number of pairs that are swapped.
        stop_prob: chance, after each box that is cut out or kept, that it is the last, in [0, 1].

    Raises:
        ValueError: if a chance lies outside [0, 1], or an axis is too short for a box.

    Source:
        Haghighi et al., DiRA, CVPR 2022, image distortions, with the numbers of its published program for planes of
        224 pixels.
    """

    def __init__(
        self,
        prob: float = 1.0,
        *,
        branch_probs: Sequence[float] = (0.30, 0.05, 0.30),
        cut_size: Sequence[float] = (10 / 224, 70 / 224),
        trim: Sequence[float] = (50 / 224, 70 / 224),
        swap_size: Sequence[float] = (10 / 224, 15 / 224),
        margin: float = 3 / 224,
        rounds: int = 10,
        stop_prob: float = 0.1,
    ) -> None:
        super().__init__(prob)
        cut, keep, swap = branch_probs
        total = round(cut + keep + swap, 9)
        require_chances("RandBoxDistortion", cut=cut, keep=keep, swap=swap, their_sum=total, stop_prob=stop_prob)
        if rounds < 1 or margin < 0:
            raise ValueError(
                f"RandBoxDistortion needs at least 1 round and a margin of 0 or more, got {rounds} and {margin}."
            )
        self.branch_ends = tuple(accumulate((cut, keep, swap)))
        self.sizes = {"cut": tuple(cut_size), "keep": tuple(trim), "swap": tuple(swap_size)}
        self.margin = margin
        self.rounds = rounds
        self.stop_prob = stop_prob
        self.axes: dict[str, list[Axis]] = {}  # of each branch, for images of the last shape
        self.shape: tuple[int, ...] = ()

    def randomize(self, data: Any = None) -> None:
        super().randomize(data)
        shape = tuple(data.shape[1:])
        self._look_along(shape)
        if self._do_transform:
            self.draw(shape, Random(int(self.R.randint(2**32, dtype=np.uint32))))

    def draw(self, shape: Sequence[int], random: Random) -> None:
        """Draw which of the four things to do, and the boxes for it.

        Args:
            shape: lengths of the spatial axes.
            random: what to draw from: the thing, then for each box its edges, then its starts.
        """
        first = random.random()
        self.branch = BRANCHES[sum(first > end for end in self.branch_ends)]
        self.boxes: list[Box] = []  # those to swap stand next to each other
        self._do_transform = self.branch != "none"
        self._look_along(tuple(shape))
        for _ in range(self.rounds if self._do_transform else 0):
            self.boxes += self._draw_round(self.axes[self.branch], random)
            if self.branch != "swap" and random.random() < self.stop_prob:
                break

    def _draw_round(self, axes: Sequence[Axis], random: Random) -> list[Box]:
        edges = [random.randint(low, high) for _, _, low, high in axes]
        if self.branch == "keep":
            edges = [axis[0] - trim for axis, trim in zip(axes, edges, strict=True)]
        boxes = []
        for _ in range(2 if self.branch == "swap" else 1):
            sides = zip(axes, edges, strict=True)
            starts = [random.randint(margin, length - margin - edge) for (length, margin, _, _), edge in sides]
            boxes.append(tuple(slice(start, start + edge) for start, edge in zip(starts, edges, strict=True)))
        return boxes

    def _look_along(self, shape: tuple[int, ...]) -> None:
        if shape != self.shape:
            margins = voxels_along(shape, self.margin).tolist()
            for branch, sizes in self.sizes.items():
                lows, highs = (np.maximum(voxels_along(shape, size), 1).tolist() for size in sizes)
                self.axes[branch] = list(zip(shape, margins, lows, highs, strict=True))
                self._require_room(branch)
            self.shape = shape

    def _require_room(self, branch: str) -> None:
        for length, margin, *sizes in self.axes[branch]:
            low, high = (length - sizes[1], length - sizes[0]) if branch == "keep" else sizes
            if not 1 <= low <= high <= length - 2 * margin:
                raise ValueError(
                    f"RandBoxDistortion is to {branch} boxes with edges from {low} to {high} voxels, {margin} away "
                    f"from the border, got an axis of {length} voxels; give larger images or other sizes."
                )

    def apply(self, image: np.ndarray) -> np.ndarray:
        if self.branch == "swap":
            return swap_boxes(image, pairs=list(zip(self.boxes[::2], self.boxes[1::2], strict=True)))
        if self.branch == "keep":
            return keep_boxes(image, boxes=self.boxes, background=0)
        return paint_boxes(image, boxes=self.boxes, fills=[0] * len(self.boxes))


class RandBoxDistortiond(RandMap):
    """Dictionary form of :class:`RandBoxDistortion`."""

    array_class = RandBoxDistortion
