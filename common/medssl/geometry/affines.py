"""What an affine says about an image's voxels."""

from __future__ import annotations

import torch
from scipy.optimize import linear_sum_assignment

__all__ = ["array_axes", "is_singular", "voxel_size"]


def voxel_size(affine: torch.Tensor) -> torch.Tensor:
    """Edge lengths of one voxel.

    Args:
        affine: voxel index to world position in mm, ``(D + 1, D + 1)``.

    Returns:
        Lengths in mm, ``(D,)``, in the order of the array's axes.
    """
    return affine[:-1, :-1].norm(dim=0)


def is_singular(affine: torch.Tensor, tolerance: float = 1e-6) -> bool:
    """Whether voxels have no volume: an axis is missing, lies in the plane of the others, or is not a number.

    Args:
        affine: voxel index to world position in mm, ``(D + 1, D + 1)``.
        tolerance: smallest volume that the axes, each taken as of length one, must span, in [0, 1].
    """
    sizes = voxel_size(affine)
    if not bool(torch.isfinite(affine).all()) or bool((sizes <= 0).any()):
        return True
    return abs(float(torch.linalg.det(affine[:-1, :-1] / sizes))) < tolerance


def array_axes(affine: torch.Tensor) -> list[int]:
    """The array axis that runs along each world axis, either way: one for left to right, back to front, and so on.

    Args:
        affine: voxel index to world position in mm, not singular, ``(D + 1, D + 1)``.
    """
    directions = affine[:-1, :-1] / voxel_size(affine)
    return [int(axis) for axis in linear_sum_assignment(-directions.abs().numpy())[1]]
