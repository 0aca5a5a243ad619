"""The same place in many patients."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from medssl.figures.style import axes_grid, central_plane, grey_range, write_figure

__all__ = ["draw_gallery"]


def draw_gallery(
    cubes: Sequence[Sequence[np.ndarray]],
    *,
    path: str | os.PathLike,
    titles: Sequence[Sequence[str]] = (),
    names: Sequence[str] = (),
    window: tuple[float, float] | None = None,
) -> Path:
    """Draw cubes of some classes, a row a class, a column a patient: central axial slices, front of the patient up.

    Args:
        cubes: for every class one array a patient, ``(X, Y, Z)`` or ``(X, Y)``; rows may differ in length.
        path: the PNG.
        titles: for every class one line above each picture, such as patient and distance.
        names: what the classes are called; "class 0" and so on if left out.
        window: values shown as black and white; the smallest and largest of all if left out.

    Raises:
        ValueError: if there is nothing to draw.
    """
    if not any(len(row) for row in cubes):
        raise ValueError("draw_gallery needs at least one cube, got none; discover patterns first.")
    greys = grey_range([cube for row in cubes for cube in row], window)
    columns = max(map(len, cubes))
    figure, axes = axes_grid(len(cubes), columns, size=(1.5, 1.75))
    for number, row in enumerate(cubes):
        axes[number, 0].set_ylabel(names[number] if names else f"class {number}")
        for column, cube in enumerate(row):
            axes[number, column].imshow(central_plane(cube), cmap="gray", **greys)
            if titles:
                axes[number, column].set_title(titles[number][column], fontsize=8)
    return write_figure(figure, path)
