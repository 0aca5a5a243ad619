"""The line in which one image plane cuts another: where it runs, where it leaves the image, and a map of it.

A *form* is ``(a, b, c)``: ``a u + b v + c`` is the signed distance of pixel ``(u, v)`` from the line, in mm within the
plane. It is NaN where no line is known.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.linalg import vector_norm

from medssl.geometry.planes import distance_form, sine_between

__all__ = [
    "clip_line",
    "line_angle_deg",
    "line_distances",
    "line_form",
    "line_map",
    "line_status",
    "moved_form",
    "unit_form",
]

PARALLEL = 1e-4  # sine of the angle between planes below which they have no line
COINCIDENT_MM = 1e-3
BOXES = {"centre": 0.0, "edge": 0.5}  # pixels that a box reaches beyond the outermost pixels' centres


def line_form(host: Any, guest: Any) -> Tensor:
    """The line of one plane in the pixels of another.

    The distance from the guest plane grows by the sine of the angle between the planes for each mm in the host, so
    that distance divided by the sine is the distance from the line, within the host. Holds for pixels of any shape.

    Args:
        host: affine of the plane in which the line is drawn, ``(4, 4)``.
        guest: affine of the plane that cuts it, ``(4, 4)``.

    Returns:
        Form ``(a, b, c)``, NaN where the planes are parallel, ``(3,)``.
    """
    sine = sine_between(host, guest)
    return distance_form(host, guest) / (sine if sine >= PARALLEL else math.nan)


def line_status(host: Any, guest: Any, *, size: Sequence[int]) -> str:
    """What two planes do: "intersects", "outside" (the line misses the image), "parallel" or "coincident".

    Args:
        host: affine of the image's plane, ``(4, 4)``.
        guest: affine of the plane that may cut it, ``(4, 4)``.
        size: columns and rows of the image.
    """
    if sine_between(host, guest) >= PARALLEL:
        return "outside" if clip_line(line_form(host, guest), size) is None else "intersects"
    return "coincident" if abs(float(distance_form(host, guest)[2])) < COINCIDENT_MM else "parallel"


def moved_form(form: Tensor, new_to_old: Tensor) -> Tensor:
    """Form of the same line in the pixels of a resampled image.

    Args:
        form: in pixels of the old image, ``(3,)``.
        new_to_old: takes a new pixel ``(u, v, 1)`` to the old pixel that it shows, ``(3, 3)``.
    """
    return new_to_old.mT @ form


def clip_line(form: Tensor, size: Sequence[int], *, box: str = "centre") -> Tensor | None:
    """The part of a line that lies in an image.

    Args:
        form: of the line, up to any factor, ``(3,)``.
        size: columns and rows of the image.
        box: "centre" ends at the outermost pixels' centres, "edge" at their outer edges.

    Returns:
        Both ends in pixels, sorted by ``u``, then ``v``, ``(2, 2)``; None if the line misses the image or is NaN.

    Raises:
        ValueError: if there is no such box.
    """
    if box not in BOXES:
        raise ValueError(f"clip_line knows the boxes {', '.join(BOXES)}, got {box!r}.")
    low, high = -BOXES[box], [edge - 1 + BOXES[box] for edge in size]
    a, b, c = form.tolist()
    crossings = [(u, -(a * u + c) / b) for u in (low, high[0]) if b] + [
        (-(b * v + c) / a, v) for v in (low, high[1]) if a
    ]
    slack = 1e-9 * max(size)
    inside = sorted(
        p for p in crossings if all(low - slack <= x <= end + slack for x, end in zip(p, high, strict=True))
    )
    return torch.tensor([inside[0], inside[-1]], dtype=torch.float64) if inside else None


def line_map(forms: Tensor, size: Sequence[int], *, sigma_mm: float) -> Tensor:
    """Draw lines as ridges of height 1: a Gaussian of every pixel's distance from the line.

    Args:
        forms: of the lines, ``(G, 3)``.
        size: columns and rows of the image.
        sigma_mm: standard deviation of the Gaussian, in mm within the plane, above 0.

    Shape:
        ``(G, W, H)``, float64; a channel of NaN for a form of NaN.
    """
    u = torch.arange(size[0], dtype=torch.float64, device=forms.device)[:, None]
    v = torch.arange(size[1], dtype=torch.float64, device=forms.device)
    a, b, c = forms.double().T[..., None, None]  # (G, 1, 1) each
    return torch.exp(-((a * u + b * v + c) ** 2) / (2 * sigma_mm**2))


def unit_form(form: Tensor, axes: Tensor) -> Tensor:
    """Scale a form so that it measures in mm.

    Args:
        form: of a line, up to any factor, ``(..., 3)``.
        axes: steps of ``u`` and ``v`` in mm, as columns, ``(2, 2)``.
    """
    return form / vector_norm(_gradient(form, axes), dim=-1, keepdim=True)


def line_angle_deg(first: Tensor, second: Tensor, *, axes: Tensor) -> float:
    """Acute angle between two lines of one plane, in degrees.

    Args:
        first: form of a line, up to any factor, ``(3,)``.
        second: form of the other.
        axes: steps of ``u`` and ``v`` in mm, as columns, ``(2, 2)``.
    """
    one, other = _gradient(first, axes), _gradient(second, axes)
    return math.degrees(math.atan2(abs(float(torch.linalg.det(torch.stack([one, other])))), abs(float(one @ other))))


def line_distances(true: Tensor, predicted: Tensor, *, size: Sequence[int], axes: Tensor, points: int = 101) -> Tensor:
    """How far a predicted line runs from the true one, in mm.

    Args:
        true: form of the true line, which crosses the image, ``(3,)``.
        predicted: form of the other, ``(3,)``.
        size: columns and rows of the image.
        axes: steps of ``u`` and ``v`` in mm, as columns, ``(2, 2)``.
        points: where is measured, evenly along the true line inside the image.

    Returns:
        Perpendicular distances, ``(points,)``.

    Raises:
        ValueError: if the true line misses the image.
    """
    ends = clip_line(true, size)
    if ends is None:
        raise ValueError(f"line_distances needs a true line inside the image of {tuple(size)}, got {true.tolist()}.")
    start, end = ends.to(predicted)
    along = torch.linspace(0, 1, points, dtype=predicted.dtype, device=predicted.device)[:, None]
    a, b, c = unit_form(predicted, axes)
    return ((start + along * (end - start)) @ torch.stack([a, b]) + c).abs()


def _gradient(form: Tensor, axes: Tensor) -> Tensor:
    """By how much a form grows for each mm along the plane's two axes: transpose(axes) times it is ``(a, b)``."""
    return form[..., :2] @ torch.linalg.inv(axes)
