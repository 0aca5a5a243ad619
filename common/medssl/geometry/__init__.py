"""Affines, boxes and displacement fields: pure functions over arrays and tensors, no MONAI."""

from medssl.geometry.affines import array_axes, is_singular, voxel_size

__all__ = ["array_axes", "is_singular", "voxel_size"]
