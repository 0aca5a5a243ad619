"""Rows and comparisons of a study as text."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import mean, stdev

from medssl.study.comparisons import Comparison, condition
from medssl.study.statistics import paired_t, signed_rank

__all__ = ["comparison_table", "study_table"]

Cells = list[list[str]]


def study_table(rows: Sequence[Mapping[str, str]], columns: Sequence[str], *, form: str = "text") -> str:
    """Mean over seeds (and standard deviation, where there are several) of every initialisation, one line each.

    Args:
        rows: rows of a study.
        columns: what to show, for each share of the labels that occurs.
        form: "text" or "markdown".

    Raises:
        ValueError: if there are no rows, or they lack a column.
    """
    if not rows:
        raise ValueError("a table needs at least one finished run, got none.")
    lacking = sorted(column for column in columns if not any(column in row for row in rows))
    if lacking:
        raise ValueError(f"the rows have no columns {lacking}, known are {list(rows[0])}; choose from these.")
    shares = list(dict.fromkeys(condition(row)[1] for row in rows))
    wanted = [(column, share) for column in columns for share in shares]
    cells = [
        ["init", "tuning", "seeds", *(column if shares == [1] else f"{column} {share:g}" for column, share in wanted)]
    ]
    for init, tuning in dict.fromkeys((row["init"], condition(row)[0]) for row in rows):
        own = {share: [r for r in rows if (r["init"], *condition(r)) == (init, tuning, share)] for share in shares}
        values = [spread([float(row[column]) for row in own[share] if row.get(column)]) for column, share in wanted]
        cells.append([init, tuning, counted([len(group) for group in own.values()]), *values])
    return laid_out(without_single(cells, "tuning", usual="full"), form)


def comparison_table(comparisons: Sequence[Comparison], *, form: str = "text") -> str:
    """One line a comparison: means, difference with its interval, tests, and labels saved; and what they are.

    Args:
        comparisons: of one study, at least one.
        form: "text" or "markdown".
    """
    baseline = comparisons[0].baseline
    head = ["init", "tuning", "labels", "n", "mean", baseline, "difference [95 %]", "t p (Holm)", "rank p (Holm)"]
    cells = [[*head, "wins", "labels saved"]]
    for one in comparisons:
        low, high = (f"{end:+.3f}" for end in one.interval)
        cells.append(
            [
                *(one.init, one.tuning, f"{one.labels:.3g}" if one.labels < 100 else f"{one.labels:.0f}"),
                *(str(len(one.scores)), spread(one.scores), spread(one.others)),
                f"{mean(one.differences):+.3f}" + (f" [{low}, {high}]" if len(one.scores) > 1 else ""),
                *(chance(paired_t(one.differences), one.holm_t), chance(signed_rank(one.differences), one.holm_rank)),
                *(f"{one.wins} of {len(one.scores)}", saved(one)),
            ]
        )
    return laid_out(without_single(cells, "tuning", usual="full"), form)


def saved(one: Comparison) -> str:
    """How many labels the baseline would need more for the same score."""
    if math.isinf(one.needed):
        return "more than the most"
    return f"{one.needed - one.labels:.0f} of {one.needed:.0f}" if one.needed > one.labels else "none"


def chance(p: float, adjusted: float) -> str:
    """A p and in brackets the adjusted one, three digits each."""
    if math.isnan(p):
        return "none"
    return f"{p:.3f} ({adjusted:.3f})".replace("0.000", "<0.001")


def without_single(cells: Cells, column: str, *, usual: str) -> Cells:
    """The same without a column that has only its usual value."""
    place = cells[0].index(column)
    if {line[place] for line in cells[1:]} != {usual}:
        return cells
    return [[*line[:place], *line[place + 1 :]] for line in cells]


def laid_out(cells: Cells, form: str) -> str:
    """Cells as lines of text, the first line being the head."""
    if form == "markdown":
        lines = ["| " + " | ".join(line) + " |" for line in cells]
        return "\n".join([lines[0], "|" + "---|" * len(cells[0]), *lines[1:]])
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
