"""Places in the heart that two crossing planes mark in a third."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import torch
from monai.transforms import Transform
from torch import Tensor
from torch.linalg import vector_norm

from medssl.geometry import lps_ras
from medssl.transforms.plane_lines import require_plane

__all__ = ["UNKNOWN_CLASS", "AnatomicalPositionsd"]

UNKNOWN_CLASS = -100  # what torch's cross entropy leaves out
STEPS = (1, 2, -1, -2)


class AnatomicalPositionsd(Transform):
    """Number nine places about the point where two lines cross, as a map of classes.

    Class 0 is everywhere else, 1 the crossing; 2 and 3 lie one and two steps along the first line towards its
    reference, 4 and 5 one and two steps the other way, and 6 to 9 likewise along the second line. In a short-axis image
    these are the cavity's middle and the walls. All pixels are unknown (-100, which torch's cross entropy leaves out)
    if a line is unknown or the lines cross outside the image. Put it behind :class:`PlaneLinesd`.

    Args:
        key: entry with the image.
        channels: numbers of the two lines among the guests.
        towards: for each line the way that counts as forward, LPS; the 2-chamber line to the anterior wall, the
            4-chamber line to the lateral one.
        step_mm: from one place to the next, above 0.
        radius_mm: of the disc about a place, above 0 and at most half a step.

    Shape:
        ``image`` is a MetaTensor ``(1, W, H, 1)``, ``line_forms`` ``(G, 3)``, ``pixel_axes`` ``(2, 2)``; the new entry
        ``position`` holds whole numbers, ``(W, H)``.

    Raises:
        TypeError: if the image has no affine.
        ValueError: if discs would overlap, there are not two lines, or the image is no single plane.

    Source:
        Bai et al., Self-supervised learning for cardiac MR image segmentation by anatomical position prediction,
        MICCAI 2019: nine positions from view planes as a segmentation of ten classes. Their places along the lines and
        sizes are ours.
    """

    def __init__(
        self,
        key: str = "image",
        channels: Sequence[int] = (0, 1),
        *,
        towards: Sequence[Sequence[float]] = ((0.0, -1.0, 1.0), (1.0, 0.0, 0.0)),
        step_mm: float = 15.0,
        radius_mm: float = 6.0,
    ) -> None:
        if not 0 < 2 * radius_mm <= step_mm:
            raise ValueError(
                f"AnatomicalPositionsd needs 0 < radius_mm <= step_mm / 2, got {radius_mm:g}, {step_mm:g}."
            )
        if len(channels) != 2:
            raise ValueError(
                "AnatomicalPositionsd needs two lines, of a 2-chamber and a 4-chamber plane, got channels "
                f"{list(channels)}; let pairs name both as guests of the short axis, or give the task the weight 0."
            )
        self.key = key
        self.channels = list(channels)
        self.towards = [lps_ras(direction) for direction in towards]
        self.step_mm = step_mm
        self.radius_mm = radius_mm

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        affine, size = require_plane(data[self.key], "AnatomicalPositionsd")
        forms, axes = data["line_forms"][self.channels].double(), data["pixel_axes"].double()
        position = torch.full(size, UNKNOWN_CLASS)
        crossing = _crossing(forms)
        if all(0 <= float(place) <= edge - 1 for place, edge in zip(crossing, size, strict=True)):
            places = torch.stack(torch.meshgrid(*(torch.arange(edge).double() for edge in size), indexing="ij"), dim=-1)
            position = torch.zeros(size, dtype=torch.long)
            for number, centre in enumerate(self.centres(forms, crossing, affine=affine, axes=axes), start=1):
                position[vector_norm((places - centre) @ axes.T, dim=-1) <= self.radius_mm] = number
        return {**data, "position": position}

    def centres(self, forms: Tensor, crossing: Tensor, *, affine: Tensor, axes: Tensor) -> list[Tensor]:
        """The nine places in pixels, in the order of their classes."""
        found = [crossing]
        for (a, b, _), forward in zip(forms, self.towards, strict=True):
            along = torch.stack([b, -a])
            along = along / vector_norm(axes @ along) * torch.sign(affine[:3, :2] @ along @ forward)  # 1 mm in pixels
            found += [crossing + step * self.step_mm * along for step in STEPS]
        return found


def _crossing(forms: Tensor) -> Tensor:
    """Where two lines cross, in pixels; NaN or infinite if they do not."""
    (a, b, c), (d, e, f) = forms
    return torch.stack([b * f - c * e, c * d - a * f]) / (a * e - b * d)
