"""From 8-bit images to the tensors that a network takes."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from monai.config import KeysCollection
from monai.transforms import MapTransform
from monai.utils import convert_to_numpy

__all__ = ["StackViewsd", "UnitFloatd"]


class UnitFloatd(MapTransform):
    """Make entries float32 tensors; whole numbers of 8 bit are divided by 255.

    Args:
        keys: entries to convert, each on its own.
        allow_missing_keys: whether absent entries are left out instead of refused.

    Raises:
        TypeError: if an entry holds neither 8-bit nor floating-point numbers.
    """

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        result = dict(data)
        for key in self.key_iterator(result):
            result[key] = _unit_floats([result[key]], type(self).__name__)[0]
        return result


class StackViewsd(MapTransform):
    """Put the views of an image into one float32 tensor; whole numbers of 8 bit are divided by 255.

    Args:
        keys: the views in their order; all but ``name`` are removed.
        name: the entry that holds the stack.

    Shape:
        Views ``(C, *S)`` in, ``(V, C, *S)`` out.

    Raises:
        TypeError: if a view holds neither 8-bit nor floating-point numbers.
        ValueError: if the views differ in shape or kind of numbers.
    """

    def __init__(self, keys: KeysCollection = ("image", "view_2"), *, name: str = "image") -> None:
        super().__init__(keys)
        self.name = name

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        result = dict(data)
        views = {key: result.pop(key) for key in self.key_iterator(result)}
        kinds = {key: (str(view.dtype), *view.shape) for key, view in views.items()}
        if len(set(kinds.values())) > 1:
            raise ValueError(f"StackViewsd needs views of one shape and kind of numbers, got {kinds}.")
        result[self.name] = _unit_floats(list(views.values()), "StackViewsd")
        return result


def _unit_floats(images: Sequence[Any], name: str) -> torch.Tensor:
    stack = np.stack([convert_to_numpy(image) for image in images])
    if stack.dtype != np.uint8 and stack.dtype.kind != "f":
        raise TypeError(f"{name} needs 8-bit or floating-point numbers, got {stack.dtype}; convert the image first.")
    values = torch.from_numpy(stack).float()
    return values.div_(255) if stack.dtype == np.uint8 else values
