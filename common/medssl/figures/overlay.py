"""Organ masks on three planes of a CT."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.patches import Patch

from medssl.figures.planes import PLANES, plane_words, show_plane, to_upright
from medssl.figures.style import COLOURS, axes_grid, write_figure

__all__ = ["draw_overlay"]

OPACITY = 0.6


def draw_overlay(
    image: np.ndarray,
    labels: Mapping[str, np.ndarray],
    *,
    path: str | os.PathLike,
    names: Sequence[str],
    affine: np.ndarray | None = None,
) -> Path:
    """Draw organ masks over axial, coronal and sagittal slices, a row a mask, as radiologists look at them.

    The patient's left is at the right, the front is up (axial) or at the left (sagittal), the head is up. Slices go
    through as many organs of the first mask as can be.

    Args:
        image: HU, ``(*S)``.
        labels: whole numbers, ``(*S)``, by what the rows are called, such as truth and prediction.
        path: the PNG.
        names: what labels 1, 2, ... are called.
        affine: voxel index to RAS world position in mm, ``(4, 4)``; left out, axes point to the patient's left, back
            and head, and voxels are cubes.

    Raises:
        ValueError: if there is no mask, or one is of another shape than the image.
    """
    shapes = {name: label.shape for name, label in labels.items()}
    if not labels or set(shapes.values()) != {image.shape}:
        raise ValueError(f"draw_overlay needs masks of the image's shape {image.shape}, got {shapes}.")
    affine = np.diag([-1.0, -1.0, 1.0, 1.0]) if affine is None else np.asarray(affine)
    upright, turned = to_upright(image, affine)
    spacing = np.linalg.norm(turned[:3, :3], axis=0)
    masks = {name: to_upright(label, affine)[0] for name, label in labels.items()}
    slices = {plane: busiest_slice(next(iter(masks.values())), axis) for plane, axis in PLANES.items()}
    extent = np.array(upright.shape) * spacing
    height = 3.4 * max(extent[1:]) / extent[:2].max()
    figure, axes = axes_grid(len(masks) + 1, len(PLANES), size=(3.4, height))
    for row, (name, mask) in zip(axes, [("CT", np.zeros_like(upright, dtype=int)), *masks.items()], strict=True):
        row[0].set_ylabel(name, fontsize=13)
        for cell, (plane, axis) in zip(row, PLANES.items(), strict=True):
            cut, painted = (np.take(array, slices[plane], axis=axis) for array in (upright, mask))
            show_plane(cell, cut, axis=axis, spacing=spacing)
            cell.imshow(paint(painted.T), interpolation="nearest", **plane_words(axis, spacing))
    for cell, plane in zip(axes[0], PLANES, strict=True):
        cell.set_title(plane, fontsize=13)
    handles = [Patch(color=COLOURS[i % len(COLOURS)], label=name) for i, name in enumerate(names)]
    figure.legend(handles=handles, loc="outside lower center", ncols=min(8, len(handles)), fontsize=11, frameon=False)
    return write_figure(figure, path)


def busiest_slice(label: np.ndarray, axis: int) -> int:
    """Index of the slice across an axis that shows most organs; among equals, the one with most of them."""
    planes = np.moveaxis(label, axis, 0).reshape(label.shape[axis], -1)
    present = [sum(np.unique(plane) > 0) + (plane > 0).mean() for plane in planes]
    return int(np.argmax(present))


def paint(mask: np.ndarray, *, opacity: float = OPACITY) -> np.ndarray:
    """Colours of labels, see-through where there is none: ``(*S)`` in, ``(*S, 4)`` out."""
    table = np.array([(0.0, 0.0, 0.0, 0.0), *((*to_rgb(colour), opacity) for colour in COLOURS)])
    return table[np.where(mask > 0, (mask.astype(int) - 1) % len(COLOURS) + 1, 0)]
