"""Where a network looks in a picture."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from medssl.figures.style import COLOURS, axes_grid, grey_range, write_figure

__all__ = ["draw_heat_map"]

TRUE, FOUND = COLOURS[4], COLOURS[5]


def draw_heat_map(
    image: np.ndarray,
    heat: np.ndarray,
    *,
    size: Sequence[int],
    boxes: Sequence[np.ndarray],
    path: str | os.PathLike,
) -> Path:
    """Draw a picture, and beside it the same under a heat map; both with the found box and the true ones.

    Args:
        image: ``(x, y)``, first axis from left to right; may be scaled.
        heat: from 0 to 1, of the image's shape.
        size: width and height of the picture before it was scaled; it is drawn in these proportions.
        boxes: ``x, y, width, height`` in pixels of that size: the found one, then all true ones; those that are not a
            number are left out.
        path: the PNG; its name is written above.

    Raises:
        ValueError: if the image is not flat, or the heat map has another shape.
    """
    if image.ndim != 2 or image.shape != heat.shape:
        raise ValueError(
            f"draw_heat_map needs a flat image and a map of its shape, got {image.shape} and {heat.shape}."
        )
    width, height = size
    figure, axes = axes_grid(1, 2, size=(3.4, 3.4 * height / width))
    for cell, opacity in zip(axes[0], (0.0, 0.6), strict=True):
        cell.imshow(image.T, cmap="gray", extent=(0, width, height, 0), **grey_range([image], None))
        cell.imshow(heat.T, cmap="inferno", extent=(0, width, height, 0), vmin=0, vmax=1, alpha=opacity * heat.T)
        for number, box in enumerate(boxes):
            _outline(cell, box, colour=TRUE if number else FOUND, label="true box" if number else "found box")
    handles = {handle.get_label(): handle for handle in axes[0, 0].patches}
    if handles:
        figure.legend(handles=[*handles.values()], loc="outside lower center", ncols=2, frameon=False)
    figure.suptitle(Path(path).stem)
    return write_figure(figure, path)


def _outline(cell: Axes, box: np.ndarray, *, colour: str, label: str) -> None:
    if np.isfinite(box).all():
        x, y, width, height = box
        cell.add_patch(Rectangle((x, y), width, height, fill=False, edgecolor=colour, linewidth=2, label=label))
