"""What all random image transforms share: look at the image, draw, apply, give back the type that came."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, Literal, TypeVar

import numpy as np
import torch
from monai.transforms import RandomizableTransform
from monai.utils import convert_to_dst_type, convert_to_numpy

__all__ = ["RandImage", "even_noise", "require_chances", "voxels_along"]

Image = TypeVar("Image", np.ndarray, torch.Tensor)


class RandImage(RandomizableTransform, ABC):
    """A random transform of one image: subclasses draw in ``randomize`` and change a copy in ``apply``.

    Numpy arrays, tensors and MetaTensors come back as what they were, with their dtype and meta data; the input is
    never written to. Half-precision values are worked on in float32.

    Args:
        prob: chance of doing anything at all, in [0, 1].

    Attributes:
        values: what the image's values must be: ``any``, ``finite`` floats, floats in the ``unit`` range [0, 1], or
            ``bytes``, whole numbers of 8 bit.
        spatial_dims: how many spatial axes the image may have.

    Shape:
        ``(C, *S)`` with two or three spatial axes in, the same out.

    Raises:
        TypeError: if the image is no array or tensor, or holds numbers of another kind than they must be.
        ValueError: if the image has another number of axes, is empty, or its values are not what they must be.
    """

    values: ClassVar[Literal["any", "finite", "unit", "bytes"]] = "any"
    spatial_dims: ClassVar[tuple[int, ...]] = (2, 3)

    def __init__(self, prob: float = 1.0) -> None:
        require_chances(type(self).__name__, prob=prob)
        super().__init__(prob)

    @abstractmethod
    def apply(self, image: np.ndarray) -> np.ndarray:
        """Change the image by what was drawn last, into a new array."""

    def __call__(self, image: Image, randomize: bool = True) -> Image:
        array = self._look_at(image)
        if randomize:
            self.randomize(array)
        if not self._do_transform:
            return image
        return convert_to_dst_type(self.apply(array), dst=image)[0]

    def _look_at(self, image: Any) -> np.ndarray:
        name = type(self).__name__
        if not isinstance(image, np.ndarray | torch.Tensor):
            raise TypeError(f"{name} needs an array or a tensor, got {type(image).__name__}; load the image first.")
        if image.ndim - 1 not in self.spatial_dims or 0 in image.shape:
            raise ValueError(
                f"{name} needs a channel axis and {' or '.join(map(str, self.spatial_dims))} spatial axes, none of "
                f"them empty, got shape {tuple(image.shape)}; put EnsureChannelFirst before it."
            )
        if image.dtype in (torch.float16, torch.bfloat16, np.float16):
            image = image.float() if isinstance(image, torch.Tensor) else image.astype(np.float32)
        array = convert_to_numpy(image)
        if self.values == "bytes":
            _require_bytes(array, name)
        elif self.values != "any":
            _require_values(array, name, unit=self.values == "unit")
        return array


def _require_bytes(array: np.ndarray, name: str) -> None:
    if array.dtype != np.uint8:
        raise TypeError(
            f"{name} works on 8-bit grey values and needs uint8, got {array.dtype}; scale the image to 0..255 and "
            "convert it first, and to [0, 1] after it."
        )


def _require_values(array: np.ndarray, name: str, *, unit: bool) -> None:
    if array.dtype.kind != "f":
        raise TypeError(f"{name} blends values and needs floating-point numbers, got {array.dtype}; convert it first.")
    low, high = float(array.min()), float(array.max())
    if unit and not (low >= 0 and high <= 1):
        raise ValueError(
            f"{name} needs values in [0, 1], got [{low:g}, {high:g}]; "
            "put ScaleIntensityRanged(b_min=0, b_max=1, clip=True) before it."
        )
    if not (np.isfinite(low) and np.isfinite(high)):
        raise ValueError(f"{name} needs finite values, got [{low:g}, {high:g}]; replace NaN and infinity first.")


def require_chances(name: str, **chances: float) -> None:
    """Refuse chances outside [0, 1].

    Args:
        name: who asks.
        chances: the chances by their words.

    Raises:
        ValueError: if one is not in [0, 1].
    """
    for word, chance in chances.items():
        if not 0 <= chance <= 1:
            raise ValueError(f"{name} needs {word} in [0, 1], got {chance}.")


def even_noise(state: np.random.RandomState, shape: Sequence[int], *, dtype: Any) -> np.ndarray:
    """Independent values, evenly drawn from the middles of 65,536 steps from 0 to 1, which is quicker than from more.

    Args:
        state: what to draw from.
        shape: shape of the result.
        dtype: floating-point type of the result.
    """
    noise = state.randint(0, 2**16, size=tuple(shape), dtype=np.uint16).astype(dtype)
    noise += 0.5
    noise *= 2**-16
    return noise


def voxels_along(shape: Sequence[int] | np.ndarray, amount: float) -> np.ndarray:
    """How many voxels an amount is along each axis.

    Args:
        shape: lengths of the spatial axes.
        amount: below 1 a share of each axis, rounded down; from 1 on, voxels.
    """
    if amount >= 1:
        return np.full(len(shape), int(amount))
    return np.floor(np.asarray(shape) * amount + 1e-9).astype(int)  # 1e-9: 3 / 7 of 14 is 6, not 5.999...
