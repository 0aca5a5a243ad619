"""Planes of a volume as radiologists look at them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import nibabel as nib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke

__all__ = ["PLANES", "WINDOW_HU", "plane_words", "show_plane", "to_upright"]

LPS = (("R", "L"), ("A", "P"), ("F", "H"))  # where each axis of an upright array begins and ends
PLANES = {"axial": 2, "coronal": 1, "sagittal": 0}  # across which axis of an upright array
WINDOW_HU = (-160.0, 240.0)


def to_upright(array: np.ndarray, affine: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Turn a volume so that its axes point to the patient's left, back and head, as closely as can be.

    Args:
        array: ``(*S)``.
        affine: voxel index to RAS world position in mm, ``(4, 4)``.

    Returns:
        The turned volume and its affine.
    """
    turn = nib.orientations.ornt_transform(nib.io_orientation(affine), nib.orientations.axcodes2ornt("LPS"))
    turned = affine @ nib.orientations.inv_ornt_aff(turn, array.shape)
    return nib.orientations.apply_orientation(array, turn), turned


def plane_words(axis: int, spacing: np.ndarray) -> dict[str, Any]:
    """How ``imshow`` has to draw the transposed plane across an axis of an upright volume.

    Args:
        axis: which axis the plane lies across.
        spacing: edge lengths of a voxel.
    """
    across, down = (i for i in range(3) if i != axis)
    return {"origin": "upper" if down == 1 else "lower", "aspect": spacing[down] / spacing[across]}


def show_plane(
    cell: Axes, plane: np.ndarray, *, axis: int, spacing: np.ndarray, window: Sequence[float] = WINDOW_HU
) -> None:
    """Draw one plane of an upright volume, columns along the first of its two axes, with the letters of its four sides.

    Args:
        cell: where to.
        plane: ``(*S)`` without the axis.
        axis: which axis the plane lies across.
        spacing: edge lengths of a voxel, of all three axes.
        window: values shown as black and white.
    """
    across, down = (i for i in range(3) if i != axis)
    cell.imshow(plane.T, cmap="gray", vmin=window[0], vmax=window[1], **plane_words(axis, spacing))
    height = (0.96, 0.04) if down == 1 else (0.04, 0.96)
    places = [(0.04, 0.5), (0.96, 0.5), (0.5, height[0]), (0.5, height[1])]
    for (x, y), letter in zip(places, (*LPS[across], *LPS[down]), strict=True):
        text = cell.text(x, y, letter, ha="center", va="center", color="white", transform=cell.transAxes)
        text.set_path_effects([withStroke(linewidth=2, foreground="black")])
