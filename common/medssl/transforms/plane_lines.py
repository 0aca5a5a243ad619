"""Where other planes cut an image, drawn from its affine as it is after all spatial steps."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import torch
from monai.data import MetaTensor
from monai.transforms import Transform
from torch import Tensor

from medssl.geometry import clip_line, line_form, line_map, pixel_axes, sine_between

__all__ = ["PlaneLinesd", "require_plane"]

OUTSIDE = ("unknown", "absent")


class PlaneLinesd(Transform):
    """Draw the lines in which other planes cut an image, one channel a plane; the list of planes is used up.

    Put it behind the last spatial transform: lines follow from the image's affine, so that they cannot drift from its
    pixels. A line is unknown, all NaN, if its plane is not there or too nearly parallel to the image.

    Args:
        key: entry with the image.
        guests: entry with one RAS affine ``(4, 4)`` a channel, or None where there is no such plane; removed.
        sigma_mm: standard deviation of the lines' Gaussian profile, in mm within the plane, above 0.
        min_angle_deg: smallest angle between planes that have a line, in [0, 90): below it, a shift of the other plane
            by 1 mm moves the line by more than ``1 / sin(min_angle_deg)`` mm.
        outside: what a line that misses the image is: "unknown", or "absent", a map for the network to learn, which is
            0 but for the line's fringe.

    Shape:
        ``image`` is a MetaTensor ``(1, W, H, 1)`` with an affine ``(4, 4)``. New entries, float32: ``lines``
        ``(G, W, H)``, heights in [0, 1]; ``line_forms`` ``(G, 3)``, see :func:`medssl.geometry.line_form`, NaN also for
        lines outside; ``pixel_axes`` ``(2, 2)``, see :func:`medssl.geometry.pixel_axes`.

    Raises:
        TypeError: if the image has no affine.
        ValueError: if a word or a number is not what it may be, or the image is no single plane.

    Source:
        Zhang et al., Self-supervised learning for medical image data with anatomy-oriented imaging planes, Medical
        Image Analysis 2024, relative orientation regression.
    """

    def __init__(
        self,
        key: str = "image",
        guests: str = "guests",
        *,
        sigma_mm: float = 7.5,
        min_angle_deg: float = 15.0,
        outside: str = "unknown",
    ) -> None:
        if sigma_mm <= 0 or not 0 <= min_angle_deg < 90:
            raise ValueError(
                f"PlaneLinesd needs sigma_mm above 0 and min_angle_deg in [0, 90), got {sigma_mm:g}, {min_angle_deg:g}."
            )
        if outside not in OUTSIDE:
            raise ValueError(f"PlaneLinesd knows outside={' or '.join(OUTSIDE)}, got {outside!r}.")
        self.key = key
        self.guests = guests
        self.sigma_mm = sigma_mm
        self.min_sine = math.sin(math.radians(min_angle_deg))
        self.outside = outside

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        result = dict(data)
        affine, size = require_plane(result[self.key], "PlaneLinesd")
        forms = self.forms(affine, result.pop(self.guests))
        missed = torch.tensor([clip_line(form, size) is None for form in forms], dtype=torch.bool)
        lines = line_map(forms, size, sigma_mm=self.sigma_mm)
        if self.outside == "unknown":
            lines[missed] = math.nan
        forms[missed] = math.nan
        return result | {
            "lines": lines.float(),
            "line_forms": forms.float(),
            "pixel_axes": pixel_axes(affine).float(),
        }

    def forms(self, affine: Tensor, guests: Sequence[Any]) -> Tensor:
        """One form a guest, NaN where it is not there or too nearly parallel, ``(G, 3)``."""
        unknown = torch.full((3,), math.nan, dtype=torch.float64)
        has_line = [guest is not None and sine_between(affine, guest) >= self.min_sine for guest in guests]
        found = [line_form(affine, guest) if has else unknown for guest, has in zip(guests, has_line, strict=True)]
        return torch.stack(found) if found else unknown.new_zeros(0, 3)


def require_plane(image: Any, name: str) -> tuple[Tensor, tuple[int, int]]:
    """Affine and size of an image that is one plane in space.

    Args:
        image: what should be one.
        name: who asks.

    Returns:
        The affine, ``(4, 4)``, and columns and rows.

    Raises:
        TypeError: if the image has no affine.
        ValueError: if it is no single plane, or its affine is not one of three dimensions.
    """
    if not isinstance(image, MetaTensor):
        raise TypeError(
            f"{name} needs a MetaTensor with an affine, got {type(image).__name__}; put it before FlatPlaned."
        )
    shapes = tuple(image.shape), tuple(image.affine.shape)
    if image.ndim != 4 or image.shape[0] != 1 or image.shape[-1] != 1 or shapes[1] != (4, 4):
        raise ValueError(
            f"{name} needs a plane (1, W, H, 1) with an affine (4, 4), got {shapes[0]} with {shapes[1]}; keep the last "
            "axis through all spatial transforms, and drop it by FlatPlaned at the end."
        )
    return image.affine, (image.shape[1], image.shape[2])
