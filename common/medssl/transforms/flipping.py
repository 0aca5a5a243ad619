"""Flipping an image several times along axes drawn anew."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from monai.data import MetaTensor

from medssl.transforms.base import Image, RandImage, require_chances
from medssl.transforms.mapping import RandMap

__all__ = ["RandRepeatedFlip", "RandRepeatedFlipd"]


class RandRepeatedFlip(RandImage):
    """Flip an image along one axis again and again while chance wants it; two flips of one axis undo each other.

    The affine of a MetaTensor follows, so voxels keep their places in the world.

    Args:
        prob: chance of each further flip, also of the first; the first that is not drawn ends it, in [0, 1].
        max_flips: the most flips.
        idle_prob: chance that a flip changes nothing, in [0, 1]; a third if the axis is drawn from channel, rows and
            columns of an image with one channel.
        axes: spatial axes that may be flipped, one drawn evenly for each flip.

    Raises:
        ValueError: if the image has no such axis.

    Source:
        Zhou et al., Models Genesis, Medical Image Analysis 2021, data augmentation.
    """

    def __init__(
        self, prob: float = 0.4, *, max_flips: int = 3, idle_prob: float = 1 / 3, axes: Sequence[int] = (0, 1)
    ) -> None:
        super().__init__(prob)
        require_chances("RandRepeatedFlip", idle_prob=idle_prob)
        if max_flips < 1 or not axes or min(axes) < 0:
            raise ValueError(
                f"RandRepeatedFlip needs at least 1 flip and axes from 0 on, got max_flips={max_flips}, axes={axes}."
            )
        self.max_flips = max_flips
        self.idle_prob = idle_prob
        self.axes = tuple(axes)

    def randomize(self, data: Any = None) -> None:
        if max(self.axes) >= data.ndim - 1:
            raise ValueError(f"RandRepeatedFlip(axes={self.axes}) got an image with {data.ndim - 1} spatial axes.")
        self.flipped: set[int] = set()
        for _ in range(self.max_flips):
            if self.R.rand() >= self.prob:
                break
            if self.R.rand() >= self.idle_prob:
                self.flipped ^= {self.axes[self.R.randint(len(self.axes))]}
        self._do_transform = bool(self.flipped)

    def apply(self, image: np.ndarray) -> np.ndarray:
        return np.flip(image, tuple(axis + 1 for axis in self.flipped)).copy()

    def __call__(self, image: Image, randomize: bool = True) -> Image:
        result = super().__call__(image, randomize)
        if self._do_transform and isinstance(result, MetaTensor):
            mirror = torch.eye(len(result.affine), dtype=result.affine.dtype)
            for axis in self.flipped:
                mirror[axis, axis], mirror[axis, -1] = -1, result.shape[axis + 1] - 1
            result.affine = result.affine @ mirror
        return result


class RandRepeatedFlipd(RandMap):
    """Dictionary form of :class:`RandRepeatedFlip`."""

    array_class = RandRepeatedFlip
