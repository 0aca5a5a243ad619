"""A volume in the orientation, voxel size and extent that all others have too."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from monai.data import MetaTensor
from monai.transforms import Orientation, Spacing, SpatialCrop
from nibabel.volumeutils import shape_zoom_affine

from medssl.geometry import is_singular

__all__ = ["prepare_volume"]

LEAST_BODY = 0.01  # share of the voxels


def prepare_volume(
    image: torch.Tensor,
    affine: torch.Tensor,
    *,
    spacing: str | float | Sequence[float] = "native",
    body_hu: str | float = "none_given",
    mode: str = "bilinear",
) -> tuple[torch.Tensor, torch.Tensor]:
    """Turn a volume to LPS, crop it to the body and resample it.

    Args:
        image: ``(C, X, Y, Z)``.
        affine: voxel index to RAS world position in mm, ``(4, 4)``.
        spacing: new edge lengths of a voxel in mm, left to right first; ``native`` keeps them.
        body_hu: the box around all voxels above this value is kept; ``none_given`` keeps all.
        mode: how values between voxels are found: ``bilinear``, or ``nearest`` for label maps.

    Returns:
        Values ``(C, *S)`` as float32, and their affine as float64. Index 0 is most right, anterior and inferior.

    Raises:
        ValueError: if the image is no volume, its voxel size is not known, the spacing is not above 0, or there is
            hardly anything above ``body_hu``.
    """
    if image.ndim != 4 or 1 in image.shape[1:]:
        raise ValueError(f"has the shape {tuple(image.shape[1:])}, needed is a volume; give no single slices")
    if is_singular(affine):
        raise ValueError("its affine is singular, so voxels have no size; correct the header")
    volume = Orientation(axcodes="LPS", labels=None)(MetaTensor(image.float(), affine=affine.double()))
    if body_hu != "none_given":
        volume = _body(volume, float(body_hu))
    if spacing != "native":
        _require_voxel_size(image, affine)
        volume = Spacing(_lengths(spacing), mode=mode, padding_mode="border", dtype=torch.float32)(volume)
    return volume.as_tensor().contiguous(), volume.affine.double()


def _lengths(spacing: str | float | Sequence[float]) -> list[float]:
    lengths = [float(spacing)] * 3 if isinstance(spacing, str | int | float) else [float(edge) for edge in spacing]
    if len(lengths) != 3 or not all(edge > 0 for edge in lengths):
        raise ValueError(f"spacing is 'native', or one or three edge lengths above 0 mm, got {spacing!r}")
    return lengths


def _require_voxel_size(image: torch.Tensor, affine: torch.Tensor) -> None:
    lost = torch.from_numpy(shape_zoom_affine(image.shape[1:], (1, 1, 1)))  # what nibabel gives without a header
    if any(torch.allclose(affine.double(), other) for other in (torch.eye(4).double(), lost)):
        raise ValueError(
            "its header has no voxel size (the affine is that of a file without one), and resampling needs it; "
            "write the true affine into the file, or take the spacing 'native'"
        )


def _body(volume: MetaTensor, body_hu: float) -> MetaTensor:
    body = (volume.as_tensor() > body_hu).any(dim=0)
    share = float(body.float().mean())
    if share < LEAST_BODY:
        raise ValueError(
            f"only {share:.2%} of its voxels lie above {body_hu:g}, needed are {LEAST_BODY:.0%}; give CT values in HU "
            "that show a body, another body_hu, or body_hu 'none_given'"
        )
    box = []
    for axis in range(3):
        others = tuple({0, 1, 2} - {axis})
        inside = body.amax(dim=others).nonzero()
        box.append(slice(int(inside[0]), int(inside[-1]) + 1))
    return SpatialCrop(roi_slices=box)(volume)
