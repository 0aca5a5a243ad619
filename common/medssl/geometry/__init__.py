"""Affines, image planes and displacement fields: pure functions over arrays and tensors, no MONAI."""

from medssl.geometry.affines import array_axes, is_singular, voxel_size
from medssl.geometry.crossings import angle_between_deg, common_segments, pixels_of, points_of
from medssl.geometry.fields import (
    identity_grid,
    invert,
    jacobian_determinant,
    resample,
    sample_at,
    smooth_displacement,
    warp,
)
from medssl.geometry.lines import (
    clip_line,
    line_angle_deg,
    line_distances,
    line_form,
    line_map,
    line_status,
    moved_form,
    unit_form,
)
from medssl.geometry.offsets import offset_rows
from medssl.geometry.planes import (
    dicom_affine,
    distance_form,
    lps_ras,
    normal,
    pixel_axes,
    sine_between,
    slice_affine,
)
from medssl.geometry.slice_location import relative_locations, slice_positions, stack_direction

__all__ = [
    "angle_between_deg",
    "array_axes",
    "clip_line",
    "common_segments",
    "dicom_affine",
    "distance_form",
    "identity_grid",
    "invert",
    "is_singular",
    "jacobian_determinant",
    "line_angle_deg",
    "line_distances",
    "line_form",
    "line_map",
    "line_status",
    "lps_ras",
    "moved_form",
    "normal",
    "offset_rows",
    "pixel_axes",
    "pixels_of",
    "points_of",
    "relative_locations",
    "resample",
    "sample_at",
    "sine_between",
    "slice_affine",
    "slice_positions",
    "smooth_displacement",
    "stack_direction",
    "unit_form",
    "voxel_size",
    "warp",
]
