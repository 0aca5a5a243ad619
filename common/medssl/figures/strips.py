"""What went in beside what came out."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from medssl.figures.style import axes_grid, central_plane, grey_range, write_figure

__all__ = ["draw_strips"]


def draw_strips(
    strips: Mapping[str, Sequence[np.ndarray]],
    *,
    path: str | os.PathLike,
    names: Sequence[str] = (),
    window: tuple[float, float] | None = None,
) -> Path:
    """Draw examples, a row an example, a column a step such as input, restored and original.

    Args:
        strips: arrays ``(X, Y, Z)``, drawn by their central slice, or ``(X, Y)``, by what their column is called.
        path: the PNG.
        names: what the examples are called.
        window: values shown as black and white; the smallest and largest of all if left out.

    Raises:
        ValueError: if there is nothing to draw, or columns differ in length.
    """
    lengths = {name: len(arrays) for name, arrays in strips.items()}
    if len(set(lengths.values())) != 1 or not all(lengths.values()):
        raise ValueError(f"draw_strips needs columns of one length above 0, got {lengths}.")
    greys = grey_range([array for arrays in strips.values() for array in arrays], window)
    figure, axes = axes_grid(max(lengths.values()), len(strips), size=(1.9, 1.9))
    for column, (name, arrays) in zip(axes.T, strips.items(), strict=True):
        column[0].set_title(name)
        for cell, array in zip(column, arrays, strict=True):
            cell.imshow(central_plane(array), cmap="gray", **greys)
    for cell, name in zip(axes[:, 0], names, strict=False):
        cell.set_ylabel(name)
    return write_figure(figure, path)
