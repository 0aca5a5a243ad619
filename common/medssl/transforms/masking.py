"""Hiding blocks of an image."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import Any, Literal

import numpy as np

from medssl.transforms.base import Image, RandImage
from medssl.transforms.mapping import RandMap

__all__ = ["RandBlockMask", "RandBlockMaskd", "spread_blocks"]


def spread_blocks(cells: np.ndarray, shape: Sequence[int]) -> np.ndarray:
    """Enlarge each cell of a grid to a block of voxels.

    Args:
        cells: values of the grids, ``(M, *G)``; axes that ``shape`` has beyond those of a grid are filled evenly.
        shape: voxels along each spatial axis, multiples of the cells along it.

    Returns:
        Values of the voxels, ``(M, *shape)``.
    """
    cells = cells.reshape(*cells.shape, *(1,) * (len(shape) + 1 - cells.ndim))
    for axis, length in enumerate(shape, start=1):
        cells = cells.repeat(length // cells.shape[axis], axis=axis)
    return cells


class RandBlockMask(RandImage):
    """Set random blocks of an image to zero.

    What was there can only be restored by knowing the anatomy around it. Exactly the same share is hidden each time,
    and always the same places in all channels.

    Args:
        prob: chance of hiding anything, in [0, 1].
        block: edge length of a block in voxels, above 0.
        ratio: share of the blocks that are hidden, in (0, 1); whole blocks, rounded up.
        shape: ``block`` for blocks of equal edges, ``tube`` for columns that run along the whole third axis.
        views: whether the first axis counts views, each of which has places of its own.

    Shape:
        ``(C, *S)``, or ``(V, C, *S)`` with views, in, the same out.

    Raises:
        ValueError: if a word lies outside its range, blocks do not divide the axes, or nothing would be left to see.

    Source:
        Jiang et al., Anatomical Invariance Modeling and Semantic Alignment for Self-supervised Learning in 3D Medical
        Image Analysis, ICCV 2023, masked views, with the tubes of its published program.
    """

    def __init__(
        self,
        prob: float = 1.0,
        *,
        block: int = 16,
        ratio: float = 0.75,
        shape: Literal["tube", "block"] = "tube",
        views: bool = False,
    ) -> None:
        super().__init__(prob)
        if block < 1 or not 0 < ratio < 1:
            raise ValueError(
                f"RandBlockMask needs a block of 1 voxel or more and a ratio between 0 and 1, both excluded, got "
                f"block={block} and ratio={ratio}; 16 and 0.75 are usual."
            )
        if shape not in ("tube", "block"):
            raise ValueError(f"RandBlockMask knows the shapes 'tube' and 'block', got {shape!r}.")
        self.block, self.ratio, self.shape, self.views = block, ratio, shape, views
        self._stacks = 1

    def __call__(self, image: Image, randomize: bool = True) -> Image:
        if not self.views:
            return super().__call__(image, randomize)
        self._stacks = len(image)
        folded = image.reshape(-1, *image.shape[2:])  # (V * C, *S)
        return super().__call__(folded, randomize).reshape(image.shape)

    def randomize(self, data: Any = None) -> None:
        super().randomize(data)
        grid = self._grid(data.shape[1:])
        count, hidden = int(np.prod(grid)), ceil(np.prod(grid) * self.ratio - 1e-9)  # 1e-9: 0.7 of 10 is 7
        if hidden == count:
            raise ValueError(
                f"RandBlockMask(block={self.block}, ratio={self.ratio:g}) would hide all {count} blocks of an image of "
                f"{list(data.shape[1:])} voxels; take smaller blocks or a smaller ratio."
            )
        if self._do_transform:
            draws = [self.R.permutation(count) < hidden for _ in range(self._stacks)]
            cells = np.stack(draws).reshape(self._stacks, *grid)
            self.mask = spread_blocks(cells, data.shape[1:]).repeat(len(data) // self._stacks, axis=0)

    def apply(self, image: np.ndarray) -> np.ndarray:
        return np.where(self.mask, image.dtype.type(0), image)

    def _grid(self, shape: Sequence[int]) -> list[int]:
        axes = shape[:2] if self.shape == "tube" else shape
        if any(length % self.block for length in axes):
            raise ValueError(
                f"RandBlockMask needs axes that blocks of {self.block} voxels divide, got {list(axes)}; choose another "
                "block or size."
            )
        return [length // self.block for length in axes]


class RandBlockMaskd(RandMap):
    """Dictionary form of :class:`RandBlockMask`."""

    array_class = RandBlockMask
