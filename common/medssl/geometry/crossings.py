"""Where finite image planes cross in space."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor
from torch.linalg import cross, pinv, vector_norm

from medssl.geometry.planes import normal, sine_between

__all__ = ["angle_between_deg", "common_segments", "pixels_of", "points_of"]


def angle_between_deg(first: Any, second: Any) -> float:
    """Angle between two planes, in [0, 90] degrees.

    Args:
        first: affine of a plane, ``(4, 4)``.
        second: affine of the other.
    """
    return math.degrees(math.atan2(sine_between(first, second), abs(float(normal(first) @ normal(second)))))


def common_segments(hosts: Tensor, guests: Tensor, *, sizes: Tensor, least_angle_deg: float = 1.0) -> Tensor:
    r"""The parts of the lines between two planes that both images show, for many pairs at once.

    Two planes ``n . X = h`` and ``m . X = k`` meet where ``X(t) = (h m x d + k d x n) / |d|^2 + t d`` with
    ``d = n x m``. The pixel that shows ``X(t)`` moves evenly with ``t``, so that each of the four pairs of borders
    allows one interval of ``t``; the segment is what all four allow.

    Args:
        hosts: affines of the first planes, ``(n, 4, 4)``.
        guests: affines of the second planes, ``(n, 4, 4)``.
        sizes: columns and rows of both images of every pair, ``(n, 2, 2)``.
        least_angle_deg: smallest angle between planes that are taken to meet.

    Returns:
        Both ends, RAS in mm, ``(n, 2, 3)``, float64; NaN where there is no such segment.
    """
    planes = torch.stack([hosts, guests], dim=1).double()  # (n, 2, 4, 4)
    steps, origins = planes[..., :3, :2], planes[..., :3, 3]
    across = cross(steps[..., 0], steps[..., 1], dim=-1)
    across = across / vector_norm(across, dim=-1, keepdim=True)
    heights = (across * origins).sum(-1, keepdim=True)
    way = cross(across[:, 0], across[:, 1], dim=-1)
    sine = vector_norm(way, dim=-1, keepdim=True)
    sine = torch.where(sine >= math.sin(math.radians(least_angle_deg)), sine, math.nan)
    start = heights[:, 0] * cross(across[:, 1], way, dim=-1) + heights[:, 1] * cross(way, across[:, 0], dim=-1)
    start, way = start / sine**2, way / sine  # (n, 3)
    to_pixels = pinv(steps)  # (n, 2, 2, 3)
    pixel = (to_pixels @ (start[:, None] - origins)[..., None])[..., 0]  # (n, 2, 2): of both images at t = 0
    speed = (to_pixels @ way[:, None, :, None])[..., 0]
    near, far = _allowed(pixel, speed, last=sizes.double() - 1)
    ends = torch.stack([near, torch.where(far > near, far, math.nan)], dim=1)  # (n, 2)
    return start[:, None] + (ends + 0 * ends.sum(dim=1, keepdim=True))[..., None] * way[:, None]


def points_of(affine: Any, pixels: Any) -> Tensor:
    """Where pixels lie in space: ``P + u a_u + v a_v``.

    Args:
        affine: of the plane, ``(..., 4, 4)``.
        pixels: ``u, v``, ``(..., n, 2)``.

    Shape:
        RAS in mm, ``(..., n, 3)``.
    """
    affine = torch.as_tensor(affine, dtype=torch.float64)
    return torch.as_tensor(pixels, dtype=torch.float64) @ affine[..., :3, :2].mT + affine[..., None, :3, 3]


def pixels_of(affine: Any, points: Any) -> Tensor:
    """Which pixels show points of a plane; what lies off the plane is looked at from straight above.

    Args:
        affine: of the plane, ``(..., 4, 4)``.
        points: RAS in mm, ``(..., n, 3)``.

    Shape:
        ``u, v``, ``(..., n, 2)``.
    """
    affine = torch.as_tensor(affine, dtype=torch.float64)
    points = torch.as_tensor(points, dtype=torch.float64)
    return (points - affine[..., None, :3, 3]) @ pinv(affine[..., :3, :2]).mT


def _allowed(pixel: Tensor, speed: Tensor, *, last: Tensor) -> tuple[Tensor, Tensor]:
    """From when to when all indices lie in ``[0, last]``, when they move evenly; ``(n, 2, 2)`` in, ``(n,)`` out."""
    still = speed.abs() < 1e-12
    never = still & ((pixel < 0) | (pixel > last))
    borders = torch.stack([-pixel, last - pixel]) / torch.where(still, 1.0, speed)
    near = torch.where(never, math.nan, torch.where(still, -math.inf, borders.amin(0)))
    far = torch.where(never, math.nan, torch.where(still, math.inf, borders.amax(0)))
    return near.flatten(1).amax(1), far.flatten(1).amin(1)  # NaN stays NaN
