"""What is done to the pixels of one plane in space."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import torch
from monai.config import KeysCollection
from monai.transforms import MapTransform
from torch import Tensor

from medssl.geometry import pixel_axes
from medssl.transforms.plane_lines import require_plane

__all__ = ["BlankDiscd", "FlatPlaned"]


class FlatPlaned(MapTransform):
    """Drop the last axis of planes, which are plain tensors from here on; the last step of a pipeline.

    MONAI's ``SqueezeDim`` drops the affine's third dimension too, without which no plane lies anywhere.

    Args:
        keys: entries that are planes.
        allow_missing_keys: whether absent entries are left out instead of refused.

    Shape:
        ``(C, W, H, 1)`` in, ``(C, W, H)`` out.

    Raises:
        ValueError: if an entry is no plane.
    """

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        result = dict(data)
        for key in self.key_iterator(result):
            image = torch.as_tensor(result[key])
            if image.ndim != 4 or image.shape[-1] != 1:
                raise ValueError(f"FlatPlaned needs planes (C, W, H, 1), got {tuple(image.shape)} for {key!r}.")
            plain = image.as_tensor() if hasattr(image, "as_tensor") else image
            result[key] = plain.squeeze(-1).contiguous()
        return result


class BlankDiscd(MapTransform):
    """Blank a disc about the middle of planes, to see what the rest of the image gives away.

    Args:
        keys: entries that are planes.
        radius_mm: of the disc, within the plane; 0 blanks nothing.
        allow_missing_keys: whether absent entries are left out instead of refused.

    Shape:
        MetaTensors ``(1, W, H, 1)`` with an affine ``(4, 4)`` in, the same out; the disc holds the mean of the rest.

    Raises:
        TypeError: if an entry has no affine.
        ValueError: if the radius is below 0, or the disc leaves nothing of the image.
    """

    def __init__(self, keys: KeysCollection, radius_mm: float = 0.0, *, allow_missing_keys: bool = False) -> None:
        super().__init__(keys, allow_missing_keys)
        if radius_mm < 0:
            raise ValueError(f"BlankDiscd needs a radius_mm from 0 on, got {radius_mm:g}.")
        self.radius_mm = radius_mm

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        result = dict(data)
        for key in self.key_iterator(result) if self.radius_mm else ():
            affine, size = require_plane(result[key], "BlankDiscd")
            inside = _centre_distances(affine, size)[None, ..., None] <= self.radius_mm
            if inside.all():
                raise ValueError(
                    f"BlankDiscd(radius_mm={self.radius_mm:g}) leaves nothing of an image of {size} pixels; choose a "
                    "smaller radius."
                )
            image = result[key]
            result[key] = torch.where(inside, image[~inside].mean(), image)
        return result


def _centre_distances(affine: Tensor, size: tuple[int, int]) -> Tensor:
    """Distance of every pixel from the middle of its image, in mm, ``(W, H)``."""
    columns, rows = (torch.arange(edge, dtype=torch.float64) - (edge - 1) / 2 for edge in size)
    places = torch.stack(torch.meshgrid(columns, rows, indexing="ij"))  # (2, W, H)
    return torch.einsum("ij,jwh->iwh", pixel_axes(affine), places).norm(dim=0)
