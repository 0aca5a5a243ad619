"""Rows of a study as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import mean, stdev

__all__ = ["study_table"]


def study_table(rows: Sequence[Mapping[str, str]], columns: Sequence[str]) -> str:
    """Mean over seeds (and standard deviation, where there are several) of every initialisation, one line each.

    Args:
        rows: rows of a study.
        columns: what to show, for each share of the labels that occurs.

    Raises:
        ValueError: if there are no rows, or they lack a column.
    """
    if not rows:
        raise ValueError("a table needs at least one finished run, got none.")
    lacking = sorted(column for column in columns if column not in rows[0])
    if lacking:
        raise ValueError(f"the rows have no columns {lacking}, known are {list(rows[0])}; choose from these.")
    inits, shares = (list(dict.fromkeys(row.get(key, "1") for row in rows)) for key in ("init", "fraction"))
    wanted = [(column, share) for column in columns for share in shares]
    cells = [["init", "seeds", *(column if shares == ["1"] else f"{column} {share}" for column, share in wanted)]]
    for init in inits:
        groups = [[row for row in rows if (row["init"], row.get("fraction", "1")) == (init, share)] for share in shares]
        own = dict(zip(shares, groups, strict=True))
        values = [spread([float(row[column]) for row in own[share]]) for column, share in wanted]
        cells.append([init, counted([len(group) for group in groups]), *values])
    widths = [max(len(line[i]) for line in cells) for i in range(len(cells[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells
    )


def counted(numbers: Sequence[int]) -> str:
    """How many runs there are, as a range where they differ."""
    return "-".join(str(number) for number in sorted({min(numbers), max(numbers)}))


def spread(values: Sequence[float]) -> str:
    """Mean, with the standard deviation where there are several values; scores get three digits, counts one."""
    if not values:
        return "none"
    digits = 3 if max(values) <= 1 else 1
    deviation = f" ± {stdev(values):.{digits}f}" if len(values) > 1 else ""
    return f"{mean(values):.{digits}f}{deviation}"
