"""Scores of several starts side by side."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from medssl.figures.style import COLOURS, axes_grid, legend_columns, write_figure

__all__ = ["draw_score_bars", "stars"]

Scores = Mapping[str, Mapping[str, Sequence[float]]]
LEVELS = ((0.001, "***"), (0.01, "**"), (0.05, "*"))
NOTE = "bar: mean; line: standard deviation; dot: a run"
STARS = "adjusted p: * < 0.05, ** < 0.01, *** < 0.001, n.s. not below 0.05"
NEAR = 0.6  # scores that all lie above this share of the highest leave no room to tell them apart from 0


def draw_score_bars(
    scores: Scores,
    path: str | os.PathLike,
    *,
    p_values: Mapping[str, Mapping[str, float]],
    ylabel: str = "score",
    title: str = "",
) -> Path:
    """Draw mean scores as bars, group by group, with the standard deviation, every run as a dot, and stars.

    Where all scores lie close together the axis does not begin at 0, and says so.

    Args:
        scores: by group, by name, of all runs.
        path: the PNG.
        p_values: by group, by name, the adjusted p; names without one, or with NaN, get no stars.
        ylabel: what the scores are.
        title: one line above all.

    Raises:
        ValueError: if there is no score.
    """
    names = list(dict.fromkeys(name for group in scores.values() for name in group))
    values = [value for group in scores.values() for row in group.values() for value in row]
    if not values:
        raise ValueError(f"draw_score_bars needs at least one score, got none in the groups {list(scores)}.")
    width = max(5.5, 1.5 + 0.42 * len(scores) * (len(names) + 1))
    figure, axes = axes_grid(1, 1, size=(width, 4.2), pictures=False)
    cell = axes[0, 0]
    bottom, top = axis_bottom(values), 0.0
    for place, (group, rows) in enumerate(scores.items()):
        for number, name in enumerate(names):
            if len(rows.get(name, ())):
                x = place * (len(names) + 1) + number
                mark = stars(p_values.get(group, {}).get(name, math.nan))
                top = max(top, draw_bar(cell, rows[name], x=x, number=number, mark=mark))
    cell.set_xticks([place * (len(names) + 1) + (len(names) - 1) / 2 for place in range(len(scores))], list(scores))
    cell.set(title=title, ylabel=ylabel + (f"\n(axis begins at {bottom:g})" if bottom else ""))
    cell.set_ylim(bottom, top + 0.1 * (top - bottom or 1))
    cell.grid(False, axis="x")
    colours = [Patch(color=COLOURS[number % len(COLOURS)], label=name) for number, name in enumerate(names)]
    figure.legend(handles=colours, loc="outside lower center", ncols=legend_columns(names, width=width), frameon=False)
    tested = any(not math.isnan(p) for group in p_values.values() for p in group.values())
    cell.set_xlabel(f"{NOTE}\n{STARS}" if tested else NOTE, fontsize=7.5, color="dimgrey")
    return write_figure(figure, path)


def draw_bar(cell: Axes, scores: Sequence[float], *, x: float, number: int, mark: str) -> float:
    """Draw one bar with its spread, its dots and what stands above; gives the height of all but the last.

    Args:
        cell: where to.
        scores: of all runs.
        x: where the bar stands.
        number: of the colour.
        mark: text above.
    """
    spread = float(np.std(scores, ddof=1)) if len(scores) > 1 else 0.0
    centre, colour = float(np.mean(scores)), COLOURS[number % len(COLOURS)]
    cell.bar(x, centre, width=0.85, color=colour, alpha=0.55)
    if spread:
        cell.errorbar(x, centre, yerr=spread, color="black", capsize=3, linewidth=1)
    beside = x + np.linspace(-0.25, 0.25, len(scores)) if len(scores) > 1 else [x]
    cell.scatter(beside, scores, s=10, color=colour, edgecolor="black", linewidth=0.4, zorder=3)
    height = max(*scores, centre + spread)
    cell.annotate(mark, (x, height), xytext=(0, 3), textcoords="offset points", ha="center", fontsize=8)
    return height


def stars(p: float) -> str:
    """An adjusted p as stars, "n.s." where it is not below 0.05, nothing for NaN.

    Args:
        p: in [0, 1].
    """
    if math.isnan(p):
        return ""
    return next((mark for level, mark in LEVELS if p < level), "n.s.")


def axis_bottom(values: Sequence[float]) -> float:
    """Where the axis of bars begins: at 0, unless all values are close to the highest.

    Args:
        values: all scores.
    """
    low, high = min(values), max(values)
    if low < NEAR * high or low == high or low <= 0:
        return min(0.0, low)
    step = 10.0 ** math.floor(math.log10(high - low)) / 2
    return max(0.0, round(step * math.floor((low - 0.2 * (high - low)) / step), 9))
