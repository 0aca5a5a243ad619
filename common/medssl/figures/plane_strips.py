"""Where planes cut an image, and where a network says that they do."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.lines import Line2D

from medssl.figures.study_lines import LINES, draw_line, show_image
from medssl.figures.style import axes_grid, write_figure
from medssl.geometry import clip_line

__all__ = ["PlaneExample", "draw_plane_strips"]

COLUMNS = ("true lines (solid), found (dashed)", "true maps", "found maps")
SIDE = 2.7


@dataclass(frozen=True)
class PlaneExample:
    """An image, true and found heat maps of lines, and the lines themselves.

    Args:
        image: ``(W, H)``.
        axes: steps of ``u`` and ``v`` in mm, as columns, ``(2, 2)``.
        maps: true and found heat maps, ``(2, G, W, H)``; NaN where unknown. None without that task.
        forms: of the true and of the found lines, see :func:`medssl.geometry.line_form`, ``(2, G, 3)``; NaN where
            unknown.
        caption: written beside it.
    """

    image: np.ndarray
    axes: np.ndarray
    maps: np.ndarray | None
    forms: np.ndarray
    caption: str = ""


def draw_plane_strips(
    examples: Sequence[PlaneExample], *, path: str | os.PathLike, channels: Sequence[str] = ()
) -> Path:
    """Draw examples, a row an example: the image with true and found lines, true heat maps, found heat maps.

    Args:
        examples: at least one.
        path: the PNG.
        channels: what the guests are called; each has a colour.

    Raises:
        ValueError: if there is no example.
    """
    if not examples:
        raise ValueError("draw_plane_strips needs at least one example, got none; look at the validation list.")
    columns = 3 if any(example.maps is not None for example in examples) else 1
    figure, axes = axes_grid(len(examples), columns, size=(SIDE, SIDE))
    for row, example in zip(axes, examples, strict=True):
        row[0].set_ylabel(example.caption, fontsize=9)
        show_image(row[0], example.image, axes=example.axes)
        _draw_forms(row[0], example)
        for cell, maps in zip(row[1:], () if example.maps is None else example.maps, strict=False):
            show_image(cell, example.image, axes=example.axes)
            cell.imshow(coloured(maps).swapaxes(0, 1), aspect=cell.get_aspect())
    for cell, title in zip(axes[0], COLUMNS, strict=False):
        cell.set_title(title if columns > 1 else "", fontsize=10)
    if columns > 1:
        names = channels or [f"guest {number}" for number in range(1, len(examples[0].forms[0]) + 1)]
        handles = [Line2D([], [], color=_colour(n), linewidth=3, label=name) for n, name in enumerate(names)]
        figure.legend(handles=handles, loc="outside lower center", ncols=min(5, len(handles)), frameon=False)
    return write_figure(figure, path)


def coloured(maps: np.ndarray) -> np.ndarray:
    """Heat maps as see-through colours, one a channel; where several overlap, they mix.

    Args:
        maps: ``(G, W, H)``; unknown ones are NaN and not shown, values outside [0, 1] are cut.

    Returns:
        Red, green, blue and opacity, ``(W, H, 4)``.
    """
    heat = np.clip(np.nan_to_num(maps), 0, 1)
    colours = np.array([to_rgb(_colour(number)) for number in range(len(maps))]).reshape(-1, 3)
    mixed = np.tensordot(heat, colours, axes=(0, 0)) / np.maximum(heat.sum(0), 1e-6)[..., None]  # (W, H, 3)
    return np.concatenate([mixed.clip(max=1), heat.max(0, initial=0)[..., None]], axis=-1)


def _draw_forms(cell: Axes, example: PlaneExample) -> None:
    for number, forms in enumerate(example.forms.swapaxes(0, 1)):
        for form, dashed in zip(forms, (False, True), strict=True):
            ends = clip_line(torch.as_tensor(form), example.image.shape)
            if ends is not None:
                draw_line(cell, ends.numpy(), colour=_colour(number), dashed=dashed)


def _colour(number: int) -> str:
    return LINES[number % len(LINES)]
