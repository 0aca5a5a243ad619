"""The same place in two patients."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from medssl.data import MatchExample
from medssl.figures.planes import PLANES, WINDOW_HU, show_plane, to_upright
from medssl.figures.style import COLOURS, axes_grid, write_figure

__all__ = ["draw_matches"]

SHOWN = ("axial", "coronal")
FOUND: dict[str, Any] = {
    "marker": "+",
    "color": COLOURS[6],
    "markersize": 14,
    "markeredgewidth": 2,
    "linestyle": "none",
}
TRUE = {
    "marker": "o",
    "color": COLOURS[1],
    "markersize": 14,
    "markeredgewidth": 2,
    "fillstyle": "none",
    "linestyle": "none",
}


def draw_matches(
    examples: Sequence[MatchExample], *, path: str | os.PathLike, window: Sequence[float] | str = WINDOW_HU
) -> Path:
    """Draw matched points, a row a match: slices through the point in one patient, then through the one found.

    Where the true place is known, a ring marks it in the slices through the one found, projected onto them.

    Args:
        examples: matches of volumes in any orientation.
        path: the PNG.
        window: values shown as black and white, or ``percentiles`` for the 1st and the 99th of each volume.

    Raises:
        ValueError: if there is no match, or the window is another word.
    """
    if not examples:
        raise ValueError("draw_matches needs at least one match, got none; match the volumes first.")
    if isinstance(window, str) and window != "percentiles":
        raise ValueError(f"window is two values or 'percentiles', got {window!r}.")
    figure, axes = axes_grid(len(examples), 2 * len(SHOWN), size=(2.8, 2.8))
    for row, example in zip(axes, examples, strict=True):
        row[0].set_ylabel(example.caption)
        for side, cells in enumerate((row[: len(SHOWN)], row[len(SHOWN) :])):
            _show(cells, example, side=side, window=window)
    for column, cell in enumerate(axes[0]):
        cell.set_title(f"{'partner' if column >= len(SHOWN) else 'patient'}, {SHOWN[column % len(SHOWN)]}")
    marks = {"matched point": FOUND, "true place": TRUE}
    known = any(example.true_mm is not None for example in examples)
    handles = [Line2D([], [], label=name, **mark) for name, mark in list(marks.items())[: 1 + known]]
    figure.legend(handles=handles, loc="outside lower center", ncols=2, frameon=False)
    return write_figure(figure, path)


def _show(cells: Sequence[Axes], example: MatchExample, *, side: int, window: Sequence[float] | str) -> None:
    """Draw the planes of one side of a match through its point: 0 the patient's, 1 the partner's."""
    volume, affine = to_upright(example.images[side], example.affines[side])
    marks = [(example.points_mm[side], FOUND)]
    if side and example.true_mm is not None:
        marks.append((example.true_mm, TRUE))
    places = [np.linalg.solve(affine, [*point, 1.0])[:3] for point, _ in marks]
    centre = np.clip(np.rint(places[0]).astype(int), 0, np.array(volume.shape) - 1)
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    greys = np.percentile(volume, (1, 99)) if isinstance(window, str) else window
    for cell, plane in zip(cells, SHOWN, strict=True):
        axis = PLANES[plane]
        show_plane(cell, volume.take(centre[axis], axis=axis), axis=axis, spacing=spacing, window=greys)
        for place, (_, mark) in zip(places, marks, strict=True):
            cell.plot(*np.delete(place, axis), scalex=False, scaley=False, **mark)
