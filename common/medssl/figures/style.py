"""How all pictures look, and how they are written."""

from __future__ import annotations

import io
import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from medssl.data import write_whole

__all__ = ["COLOURS", "axes_grid", "central_plane", "grey_range", "legend_columns", "picture_grid", "write_figure"]

COLOURS = (  # none is grey, which would not show on a CT
    "#4477aa", "#ee6677", "#aa7744", "#aa3377", "#66ccee", "#ee7733", "#bbdd22", "#228833", "#ffaabb", "#44bb99",
    "#eedd88", "#8866cc",
)  # fmt: skip
DPI = 130
STYLE = {"axes.spines.top": False, "axes.spines.right": False, "axes.grid": True, "grid.alpha": 0.3}


def axes_grid(
    rows: int, columns: int, *, size: tuple[float, float], pictures: bool = True
) -> tuple[Figure, np.ndarray]:
    """Make a figure with a grid of axes.

    Args:
        rows: at least 1.
        columns: at least 1.
        size: width and height of one cell in inches.
        pictures: axes hold pictures, so they get no ticks, frame or grid.

    Returns:
        The figure and its axes, ``(rows, columns)``.
    """
    with rc_context(STYLE):
        figure = Figure(figsize=(size[0] * columns, size[1] * rows), dpi=DPI, layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.subplots(rows, columns, squeeze=False)
    for cell in axes.flat if pictures else ():
        bare(cell)
    return figure, axes


def picture_grid(count: int) -> tuple[Figure, list[Axes]]:
    """Make a figure with so many cells for pictures, at most four in a row.

    Args:
        count: at least 1.

    Returns:
        The figure and ``count`` axes, row by row.
    """
    columns = min(4, count)
    figure, axes = axes_grid(math.ceil(count / columns), columns, size=(2.6, 2.6))
    return figure, list(axes.flat)[:count]


def bare(axes: Axes) -> None:
    """Take ticks, frame and grid away, but leave room for labels."""
    axes.set(xticks=[], yticks=[])
    axes.grid(False)
    for spine in axes.spines.values():
        spine.set_visible(False)


def central_plane(array: np.ndarray) -> np.ndarray:
    """Middle slice along the last of three axes, rows running along the second: an axial slice with the front up.

    Shape:
        ``(X, Y, Z)`` or ``(X, Y)`` in, ``(Y, X)`` out.

    Raises:
        ValueError: if there are neither two nor three axes.
    """
    if array.ndim not in (2, 3):
        raise ValueError(f"A picture needs 2 or 3 axes, got shape {array.shape}; take one channel of one image.")
    return (array[:, :, array.shape[2] // 2] if array.ndim == 3 else array).T


def grey_range(arrays: Sequence[np.ndarray], window: tuple[float, float] | None) -> dict[str, Any]:
    """Values shown as black and white, the same in all pictures of a figure: the window, else all there are."""
    low, high = window or (min(float(a.min()) for a in arrays), max(float(a.max()) for a in arrays))
    return {"vmin": low, "vmax": max(high, low + 1e-6)}


def legend_columns(names: Sequence[str], *, width: float) -> int:
    """How many columns of a legend of such names fit side by side.

    Args:
        names: at least one.
        width: of the figure in inches.
    """
    return max(1, min(len(names), int(12 * width / (max(len(name) for name in names) + 8))))


def write_figure(figure: Figure, path: str | os.PathLike) -> Path:
    """Write a figure as PNG, whole or not at all; missing parent folders are made."""
    content = io.BytesIO()
    figure.savefig(content, format="png", facecolor="white")
    return write_whole(Path(path), content.getvalue())
