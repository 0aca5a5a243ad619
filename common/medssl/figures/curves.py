"""Numbers over epochs."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.ticker import MaxNLocator

from medssl.figures.style import COLOURS, axes_grid, write_figure

__all__ = ["draw_curves", "panel_of", "spans_decades"]

VALIDATION = ("val_", "val/")
BASELINE = "_constant"
COLUMNS = 3


def draw_curves(
    history: Mapping[str, tuple[Sequence[float], Sequence[float]]], *, path: str | os.PathLike, title: str = ""
) -> Path:
    """Draw curves, one panel a quantity; training, validation and the baseline of one quantity share a panel.

    A panel whose values are above 0 and span a factor of 30 or more is logarithmic.

    Args:
        history: epochs and values by name; "val_loss" or "val/loss" is the validation of "loss" or "train/loss";
            "val_error_constant" what the best constant answer has as "val_error".
        path: the PNG.
        title: one line above all.

    Raises:
        ValueError: if there is no curve.
    """
    if not history:
        raise ValueError("draw_curves needs at least one curve, got none.")
    panels = list(dict.fromkeys(panel_of(name) for name in history))
    columns = min(COLUMNS, len(panels))
    figure, axes = axes_grid(math.ceil(len(panels) / columns), columns, size=(4.2, 3.0), pictures=False)
    for cell, panel in zip(axes.flat, panels, strict=False):
        names = [name for name in history if panel_of(name) == panel]
        for name in names:
            cell.plot(*history[name], **_style(name))
        cell.set(title=panel.replace("_", " "), xlabel="epoch")
        cell.set_yscale("log" if spans_decades([history[name][1] for name in names]) else "linear")
        cell.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        if any(name.startswith(VALIDATION) for name in names):
            cell.legend(frameon=False)
    for cell in axes.flat[len(panels) :]:
        cell.set_visible(False)
    if title:
        figure.suptitle(title)
    return write_figure(figure, path)


def panel_of(name: str) -> str:
    """Name of a quantity without the parts that say training or validation, or baseline."""
    for prefix in (*VALIDATION, "train_", "train/"):
        name = name.removeprefix(prefix)
    return name.removesuffix(BASELINE) if is_baseline(name) else name


def is_baseline(name: str) -> bool:
    """Whether a quantity is what the best constant has; "volume_vs_constant" is a share of it, and no baseline."""
    return name.endswith(BASELINE) and not name.endswith(f"_vs{BASELINE}")


def _style(name: str) -> dict[str, Any]:
    if is_baseline(name):
        return {"label": "best constant", "color": "grey", "linestyle": ":"}
    dots = {"marker": "o", "markersize": 3}
    if name.startswith(VALIDATION):
        return {"label": "validation", "color": COLOURS[1], "linestyle": "--", **dots}
    return {"label": "training", "color": COLOURS[0], "linestyle": "-", **dots}


def spans_decades(curves: Sequence[Sequence[float]]) -> bool:
    """Whether values are all above 0 and the largest is 30 times the smallest or more."""
    values = np.concatenate([np.asarray(curve, dtype=float) for curve in curves])
    values = values[np.isfinite(values)]
    return bool(len(values) and values.min() > 0 and values.max() >= 30 * values.min())
