"""Affines, boxes and displacement fields: pure functions over arrays and tensors, no MONAI."""

from medssl.geometry.affines import array_axes, is_singular, voxel_size
from medssl.geometry.fields import (
    identity_grid,
    invert,
    jacobian_determinant,
    resample,
    sample_at,
    smooth_displacement,
    warp,
)
from medssl.geometry.offsets import offset_rows

__all__ = [
    "array_axes",
    "identity_grid",
    "invert",
    "is_singular",
    "jacobian_determinant",
    "offset_rows",
    "resample",
    "sample_at",
    "smooth_displacement",
    "voxel_size",
    "warp",
]
