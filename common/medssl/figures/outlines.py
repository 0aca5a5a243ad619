"""True and predicted masks of flat pictures."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from medssl.figures.overlay import paint
from medssl.figures.style import COLOURS, grey_range, picture_grid, write_figure

__all__ = ["draw_outlines"]


def draw_outlines(
    images: Sequence[np.ndarray],
    truths: Sequence[np.ndarray],
    *,
    predictions: Sequence[np.ndarray],
    path: str | os.PathLike,
    names: Sequence[str],
) -> Path:
    """Draw pictures in a grid, true masks as coloured areas, predicted ones as lines.

    Args:
        images: ``(x, y)``, first axis from left to right.
        truths: whole numbers, each of its image's shape.
        predictions: the same.
        path: the PNG.
        names: what labels 1, 2, ... are called.

    Raises:
        ValueError: if there is no image, or masks are not those of the images.
    """
    shapes = [[array.shape for array in arrays] for arrays in (images, truths, predictions)]
    flat = all(len(shape) == 2 for shape in shapes[0])
    if not images or not flat or shapes[1] != shapes[0] or shapes[2] != shapes[0]:
        raise ValueError(f"draw_outlines needs flat images and two masks of each one's shape, got shapes {shapes}.")
    figure, cells = picture_grid(len(images))
    for cell, image, truth, prediction in zip(cells, images, truths, predictions, strict=True):
        cell.imshow(image.T, cmap="gray", **grey_range([image], None))
        cell.imshow(paint(truth.T, opacity=0.35), interpolation="nearest")
        for label in np.unique(prediction[prediction > 0]):
            colour = COLOURS[(label - 1) % len(COLOURS)]
            cell.contour((prediction == label).T, levels=[0.5], colors=[colour], linewidths=1.6)
    handles = [Patch(color=COLOURS[i % len(COLOURS)], label=name) for i, name in enumerate(names)]
    meaning = [Patch(color="0.7", label="area: true"), Line2D([], [], color="0.4", label="line: predicted")]
    figure.legend(handles=[*handles, *meaning], loc="outside lower center", ncols=6, frameon=False)
    return write_figure(figure, path)
