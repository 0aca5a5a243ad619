"""Rows of a study as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import mean, stdev

__all__ = ["study_table"]


def study_table(rows: Sequence[Mapping[str, str]], columns: Sequence[str]) -> str:
    """Mean over seeds (and spread, where there are several) of every initialisation, one line each.

    Args:
        rows: rows of a study.
        columns: what to show.

    Raises:
        ValueError: if there are no rows.
    """
    if not rows:
        raise ValueError("a table needs at least one finished run, got none.")
    inits = list(dict.fromkeys(row["init"] for row in rows))
    cells = [["init", "seeds", *columns]]
    for init in inits:
        own = [row for row in rows if row["init"] == init]
        cells.append([init, str(len(own)), *(spread([float(row[column]) for row in own]) for column in columns)])
    widths = [max(len(line[i]) for line in cells) for i in range(len(cells[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells
    )


def spread(values: Sequence[float]) -> str:
    """Mean, with the standard deviation where there are several values."""
    return f"{mean(values):.3f}" if len(values) == 1 else f"{mean(values):.3f} ± {stdev(values):.3f}"
