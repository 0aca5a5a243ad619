"""Where a slice lies in its stack."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from medssl.geometry.planes import lps_ras, normal

__all__ = ["relative_locations", "slice_positions", "stack_direction"]

ASTRIDE = 0.1  # cosine between stack and reference below which neither end of the stack comes first
SAME_MM = 0.1  # positions closer than this count as one


def stack_direction(affines: Sequence[Any], direction: Sequence[float] | None) -> Tensor:
    """Unit vector across a stack of parallel slices, on the side of a reference; all slices count alike.

    Args:
        affines: RAS affine of every slice, ``(4, 4)`` each, in any order; at least one.
        direction: where the last slice lies as seen from the first, LPS: for a short-axis stack ``(1, -1, -1)``, left,
            anterior and inferior, towards the apex. None takes the first slice's own normal.

    Returns:
        RAS, ``(3,)``; NaN if the stack runs at right angles to the reference (within 6 degrees).
    """
    normals = torch.stack([normal(affine) for affine in affines])
    across = normals.T @ torch.sign(normals @ normals[0])
    across = across / across.norm()
    if direction is None:
        return across
    reference = lps_ras(direction)
    cosine = float(across @ reference / reference.norm())
    return across * (math.copysign(1, cosine) if abs(cosine) >= ASTRIDE else math.nan)


def slice_positions(affines: Sequence[Any], direction: Sequence[float] | None) -> list[float]:
    """Positions of slices along their stack, from the first, in mm. Shifts within the plane do not count.

    Args:
        affines: RAS affine of every slice, ``(4, 4)`` each, in any order; at least one.
        direction: where the last slice lies as seen from the first, see :func:`stack_direction`.

    Returns:
        One position a slice, in the order given, the smallest 0; NaN if the direction does not say which end is first.
    """
    origins = torch.stack([torch.as_tensor(affine, dtype=torch.float64)[:3, 3] for affine in affines])
    along = origins @ stack_direction(affines, direction)
    return [float(position) for position in along - along.min()]


def relative_locations(positions: Sequence[float]) -> list[float]:
    """Where slices lie between the first and the last of their stack, in [0, 1].

    Args:
        positions: along the stack, in mm, in any order and with any gaps.

    Returns:
        One location a slice; NaN for all where the stack has one position alone.
    """
    low, high = min(positions), max(positions)
    span = high - low if high - low >= SAME_MM else math.nan
    return [(position - low) / span for position in positions]
