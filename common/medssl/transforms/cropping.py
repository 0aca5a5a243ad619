"""Cutting a random box out of a plane and bringing it to one size."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, log, sqrt
from typing import Any

import numpy as np
import torch
from monai.data import MetaTensor
from PIL import Image as Picture

from medssl.transforms.base import Image, RandImage
from medssl.transforms.mapping import RandMap

__all__ = ["RandResizedCrop", "RandResizedCropd", "centre_box"]

Pair = tuple[int, int]

TRIES = 10


class RandResizedCrop(RandImage):
    """Cut a box of random area and shape out of a plane and bring it to one size, with antialiasing.

    A box that does not fit into the plane is drawn anew; after ten of them the largest box of an allowed shape is cut
    from the centre. The affine of a MetaTensor follows, so pixels keep their places in the world.

    Args:
        prob: chance of cutting, in [0, 1]; otherwise the whole plane is brought to the size.
        size: pixels along both axes of the result; None for as many as the image has.
        scale: least and largest share of the plane's area, in (0, 1]; drawn evenly between them.
        ratio: least and largest length of the box along the first axis over that along the second, above 0; its
            logarithm is drawn evenly between them.

    Shape:
        ``(C, x, y)`` of uint8 in, ``(C, size, size)`` out.

    Raises:
        ValueError: if a number lies outside its range, or the first of two is larger than the second.

    Source:
        Szegedy et al., Going Deeper with Convolutions, CVPR 2015, section 6, as documented for torchvision's
        RandomResizedCrop.
    """

    values = "bytes"
    spatial_dims = (2,)

    def __init__(
        self,
        prob: float = 1.0,
        *,
        size: int | None = None,
        scale: Sequence[float] = (0.2, 1.0),
        ratio: Sequence[float] = (3 / 4, 4 / 3),
    ) -> None:
        super().__init__(prob)
        if size is not None and size < 1:
            raise ValueError(f"RandResizedCrop needs a size of 1 pixel or more, or None, got {size}.")
        if not 0 < scale[0] <= scale[1] <= 1:
            raise ValueError(f"RandResizedCrop needs two rising shares of the area in (0, 1], got scale={scale}.")
        if not 0 < ratio[0] <= ratio[1]:
            raise ValueError(f"RandResizedCrop needs two rising ratios above 0, got ratio={ratio}.")
        self.size = size
        self.scale = tuple(scale)
        self.ratio = tuple(ratio)

    def randomize(self, data: Any = None) -> None:
        super().randomize(data)
        shape: Pair = data.shape[1:]
        self.box = self._draw_box(shape) if self._do_transform else ((0, 0), shape)
        self._do_transform: bool = True  # the size is due in any case

    def _draw_box(self, shape: Pair) -> tuple[Pair, Pair]:
        for _ in range(TRIES):
            area = shape[0] * shape[1] * self.R.uniform(*self.scale)
            ratio = exp(self.R.uniform(log(self.ratio[0]), log(self.ratio[1])))
            lengths = round(sqrt(area * ratio)), round(sqrt(area / ratio))
            if 0 < lengths[0] <= shape[0] and 0 < lengths[1] <= shape[1]:
                return (self._start(shape[0] - lengths[0]), self._start(shape[1] - lengths[1])), lengths
        return centre_box(shape, self.ratio)

    def _start(self, space: int) -> int:
        return self.R.randint(space + 1)

    def apply(self, image: np.ndarray) -> np.ndarray:
        box = tuple(slice(start, start + length) for start, length in zip(*self.box, strict=True))
        size = (self.size or image.shape[2], self.size or image.shape[1])  # Pillow names the last axis first
        channels = (Picture.fromarray(channel[box]) for channel in image)
        return np.stack([np.asarray(channel.resize(size, Picture.Resampling.BILINEAR)) for channel in channels])

    def __call__(self, image: Image, randomize: bool = True) -> Image:
        result = super().__call__(image, randomize)
        if isinstance(result, MetaTensor):
            start, lengths = self.box
            steps = np.divide(lengths, result.shape[1:])
            place = torch.eye(len(result.affine), dtype=result.affine.dtype)
            place[[0, 1], [0, 1]] = torch.from_numpy(steps).to(place)
            place[:2, -1] = torch.from_numpy(start + (steps - 1) / 2).to(place)  # from edges to centres of pixels
            result.affine = result.affine @ place
        return result


def centre_box(shape: Pair, ratio: Sequence[float]) -> tuple[Pair, Pair]:
    """The largest box in the middle of a plane whose shape is allowed.

    Args:
        shape: pixels along both axes.
        ratio: least and largest length along the first axis over that along the second.

    Returns:
        First pixel and length along both axes.
    """
    allowed = min(max(shape[0] / shape[1], ratio[0]), ratio[1])
    lengths = min(shape[0], max(1, round(shape[1] * allowed))), min(shape[1], max(1, round(shape[0] / allowed)))
    return ((shape[0] - lengths[0]) // 2, (shape[1] - lengths[1]) // 2), lengths


class RandResizedCropd(RandMap):
    """Dictionary form of :class:`RandResizedCrop`."""

    array_class = RandResizedCrop
