"""Scores over the number of labels."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, NullLocator

from medssl.figures.style import COLOURS, axes_grid, legend_columns, write_figure

__all__ = ["draw_label_curves", "score_limits"]

Scores = Mapping[float, Sequence[float]]
APART = 1.25  # labels of the axis that are nearer than this factor would overlap
DODGE = 1.04  # factor between the names where all have one count
WIDTH = 6.0
MARKS = "osD^vPX*"


def draw_label_curves(
    curves: Mapping[str, Scores],
    path: str | os.PathLike,
    *,
    ylabel: str = "score",
    xlabel: str = "labelled images",
    title: str = "",
) -> Path:
    """Draw the mean score over the number of labels, one line a name, with a band of one standard deviation.

    Args:
        curves: by name, by number of labels (above 0), the scores of all repeats.
        path: the PNG.
        ylabel: what the scores are.
        xlabel: what is counted.
        title: one line above all.

    Raises:
        ValueError: if there is no curve, or one has no scores.
    """
    empty = [name for name, scores in curves.items() if not any(len(values) for values in scores.values())]
    if not curves or empty:
        raise ValueError(f"draw_label_curves needs scores for each of its curves, got none of {empty or 'any'}.")
    counts = sorted({float(count) for scores in curves.values() for count in scores})
    figure, axes = axes_grid(1, 1, size=(WIDTH, 4.2), pictures=False)
    cell = axes[0, 0]
    for number, (name, scores) in enumerate(curves.items()):
        shift = DODGE ** (number - (len(curves) - 1) / 2) if len(counts) == 1 else 1.0
        draw_curve(cell, {count * shift: values for count, values in scores.items()}, name=name, number=number)
    place_counts(cell, counts)
    cell.set(xlabel=xlabel, ylabel=ylabel, title=title)
    cell.set_ylim(*score_limits([value for scores in curves.values() for row in scores.values() for value in row]))
    columns = legend_columns([f"{name} (n = 5)" for name in curves], width=WIDTH)
    figure.legend(loc="outside lower center", ncols=columns, frameon=False)
    return write_figure(figure, path)


def draw_curve(cell: Axes, scores: Scores, *, name: str, number: int) -> None:
    """Draw one mean and its band; a single point gets a bar instead.

    Args:
        cell: where to.
        scores: by number of labels.
        name: for the legend, which also gets the number of repeats.
        number: of the colour.
    """
    present = sorted((float(count), [*values]) for count, values in scores.items() if len(values))
    x, means = [count for count, _ in present], np.array([np.mean(values) for _, values in present])
    spread = np.array([np.std(values, ddof=1) if len(values) > 1 else 0.0 for _, values in present])
    colour = COLOURS[number % len(COLOURS)]
    numbers = sorted({len(values) for _, values in present})
    label = f"{name} (n = {'-'.join(str(number) for number in [*numbers[:1], *numbers[1:][-1:]])})"
    style: dict[str, Any] = {"color": colour, "marker": MARKS[number % len(MARKS)], "markersize": 5}
    if len(x) == 1:
        cell.errorbar(x, means, yerr=spread, capsize=4, label=label, linestyle="none", **style)
        return
    cell.plot(x, means, label=label, **style)
    cell.fill_between(x, means - spread, means + spread, color=colour, alpha=0.15, linewidth=0)


def place_counts(cell: Axes, counts: Sequence[float]) -> None:
    """Make the axis logarithmic, with marks at the counts that occur; those too near to the one before have no label.

    Args:
        cell: whose axis.
        counts: in rising order.
    """
    cell.set_xscale("log")
    shown: list[float] = []
    for count in counts:
        if not shown or count / shown[-1] >= APART:
            shown.append(count)
    cell.xaxis.set_major_locator(FixedLocator(shown))
    cell.xaxis.set_minor_locator(NullLocator())
    cell.set_xticks(shown, [f"{count:.3g}" if count < 10 else f"{count:.0f}" for count in shown])
    cell.set_xlim(counts[0] / APART, counts[-1] * APART)


def score_limits(values: Sequence[float]) -> tuple[float, float]:
    """Ends of an axis that shows all values with some room, but not beyond 0 and 1 where no value lies beyond them.

    Args:
        values: all scores, at least one.
    """
    low, high = min(values), max(values)
    room = 0.12 * (high - low) or 0.05
    bottom, top = low - room, high + room
    return (max(bottom, -0.01) if low >= 0 else bottom), (min(top, 1.01) if 0 <= low <= high <= 1 else top)
