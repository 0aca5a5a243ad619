"""Where the planes of a study cut each other."""

from __future__ import annotations

import math
import os
import textwrap
from collections.abc import Sequence
from itertools import count
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke

from medssl.data import PlaneImage, shared_segments
from medssl.figures.style import axes_grid, write_figure
from medssl.geometry import pixel_axes, pixels_of

__all__ = ["LINES", "draw_line", "draw_study", "show_image"]

SIDE = 3.1
LINES = ("#1f93ff", "#ff4d5e", "#27b83c", "#ff9d1e", "#c65cff", "#00c4c4", "#d9bd00", "#ff6ec7")


def draw_study(
    planes: Sequence[PlaneImage],
    *,
    path: str | os.PathLike,
    title: str = "",
    notes: Sequence[str] = (),
    tiles_per_stack: int = 3,
) -> Path:
    """Draw the images of a study, on each the lines in which the other planes cut it, a colour a stack.

    Of a stack, a few slices evenly spread have an image; all have lines, those with an image thick and with their
    name. Lines end where the other image does. Pixels are drawn in their true proportions.

    Args:
        planes: of one study, stack by stack, at least one.
        path: the PNG.
        title: one line above all.
        notes: lines below it, which make it red.
        tiles_per_stack: most images a stack.

    Raises:
        ValueError: if there is no plane.
    """
    if not planes:
        raise ValueError("draw_study needs at least one plane, got none; look at what the study holds.")
    colours = {stack: LINES[n % len(LINES)] for n, stack in enumerate(dict.fromkeys(p.stack for p in planes))}
    shown = _spread(planes, tiles_per_stack)
    columns = min((1, 2, 3, 4), key=lambda n: (math.ceil(len(shown) / n) > n, -len(shown) % n, -n))
    figure, axes = axes_grid(math.ceil(len(shown) / columns), columns, size=(SIDE, SIDE))
    for cell, plane in zip(axes.flat, shown, strict=False):
        show_image(cell, plane.values, axes=pixel_axes(plane.affine).numpy())
        cell.set_title(plane.name, color=colours[plane.stack], fontweight="bold")
        others = [other for other in planes if other.stack != plane.stack]
        labelled = count()
        for other, ends in zip(others, _lines(plane, others), strict=True):
            if np.isfinite(ends).all():
                draw_line(cell, ends, colour=colours[other.stack], thick=other in shown)
                if other in shown:
                    label_line(cell, ends, name=other.name, colour=colours[other.stack], place=next(labelled))
    handles = [Line2D([], [], color=colour, linewidth=3, label=stack) for stack, colour in colours.items()]
    figure.legend(handles=handles, loc="outside lower center", ncols=min(6, len(handles)), frameon=False)
    lines = [line for note in notes for line in textwrap.wrap(note, round(10 * SIDE * columns))]
    if title or notes:
        figure.suptitle("\n".join([title, *lines]), color="firebrick" if notes else "black", fontsize=11)
    return write_figure(figure, path)


def show_image(cell: Axes, values: np.ndarray, *, axes: np.ndarray) -> None:
    """Show an image with its first index to the right, its second downwards, in true proportions.

    Args:
        cell: where to.
        values: ``(W, H)``.
        axes: steps of the first and the second index in mm, as columns, ``(2, 2)``.
    """
    low, high = grey_window(values)
    aspect = float(np.linalg.norm(axes[:, 1]) / np.linalg.norm(axes[:, 0]))
    cell.imshow(values.T, cmap="gray", vmin=low, vmax=high, aspect=aspect)
    cell.set(xlim=(-0.5, values.shape[0] - 0.5), ylim=(values.shape[1] - 0.5, -0.5))


def draw_line(cell: Axes, ends: np.ndarray, *, colour: str, thick: bool = True, dashed: bool = False) -> None:
    """Draw a line with a dark rim, so that it shows on every grey.

    Args:
        cell: where to.
        ends: in pixels, ``(2, 2)``.
        colour: of the line.
        thick: whether it is to be seen first.
        dashed: whether it is broken.
    """
    width = 2.0 if thick else 0.7
    rim = withStroke(linewidth=width + 1.1, foreground="black", alpha=0.6)
    style = {"linestyle": (0, (3, 1.5)), "dash_capstyle": "butt"} if dashed else {"solid_capstyle": "butt"}
    cell.plot(*ends.T, color=colour, linewidth=width, path_effects=[rim], scalex=False, scaley=False, **style)


def label_line(cell: Axes, ends: np.ndarray, *, name: str, colour: str, place: int = 0) -> None:
    """Write a name beside a line, inside the image.

    Args:
        cell: where to.
        ends: in pixels, ``(2, 2)``.
        name: what to write.
        colour: behind the name.
        place: how far from the first end, in steps of 5 % of the line; neighbours should have different ones.
    """
    x, y = ends[0] + (0.04 + 0.05 * (place % 3)) * (ends[1] - ends[0])
    ha = "left" if x < np.mean(cell.get_xlim()) else "right"
    va = "top" if y < np.mean(cell.get_ylim()) else "bottom"
    text = cell.text(x, y, name, color="white", fontsize=7, fontweight="bold", ha=ha, va=va)
    text.set_bbox({"facecolor": colour, "edgecolor": "none", "pad": 1, "alpha": 0.85})


def grey_window(values: np.ndarray) -> tuple[float, float]:
    """Values shown as black and white: the 1st and the 99.5th percentile."""
    low, high = np.percentile(values, (1, 99.5))
    return float(low), float(max(high, low + 1e-6))


def _spread(planes: Sequence[PlaneImage], most: int) -> list[PlaneImage]:
    stacks: dict[str, list[PlaneImage]] = {}
    for plane in planes:
        stacks.setdefault(plane.stack, []).append(plane)
    chosen = []
    for stack in stacks.values():
        places = np.linspace(0, len(stack) - 1, min(most, len(stack))).round().astype(int)
        chosen += [stack[place] for place in places]
    return chosen


def _lines(plane: PlaneImage, others: Sequence[PlaneImage]) -> np.ndarray:
    """Ends of the others' lines in the pixels of a plane, ``(n, 2, 2)``; NaN for those that do not cross it."""
    if not others:
        return np.zeros((0, 2, 2))
    segments = shared_segments([(plane, other) for other in others])
    return pixels_of(plane.affine.expand(len(others), 4, 4), segments).numpy()
