"""Each initialisation of a study beside the baseline, seed by seed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from statistics import mean, stdev
from typing import Any

from medssl.study.statistics import bootstrap_interval, holm, labels_needed, paired_t, signed_rank, smallest_p

__all__ = ["Comparison", "compare_runs", "condition", "distinct", "label_counts", "scored"]

Row = Mapping[str, str]


@dataclass(frozen=True)
class Comparison:
    """Scores of one initialisation beside those of the baseline, on the same labels with the same seeds.

    Attributes:
        tuning: what was trained: "full", or a frozen evaluation.
        fraction: share of the training patients whose labels were used.
        labels: how many labels that is, on average.
        init: name of the initialisation.
        baseline: name of what it is compared with.
        scores: of the initialisation, a seed each.
        others: of the baseline, in the same order.
        unpaired: how many runs of the initialisation have no partner.
        needed: labels that the baseline needs for the same mean; infinity if more than the most that it had.
        holm_t: p of the paired t-test, adjusted for all comparisons of the study.
        holm_rank: the same of the signed-rank test.
    """

    tuning: str
    fraction: float
    labels: float
    init: str
    baseline: str
    scores: tuple[float, ...]
    others: tuple[float, ...]
    unpaired: int = 0
    needed: float = math.nan
    holm_t: float = math.nan
    holm_rank: float = math.nan

    @cached_property
    def differences(self) -> list[float]:
        """Score less that of the baseline, a seed each."""
        return [score - other for score, other in zip(self.scores, self.others, strict=True)]

    @cached_property
    def interval(self) -> tuple[float, float]:
        """Bootstrap interval of the mean difference."""
        return bootstrap_interval(self.differences)

    @property
    def wins(self) -> int:
        """How many seeds are better than the baseline's."""
        return sum(difference > 0 for difference in self.differences)

    @property
    def record(self) -> dict[str, Any]:
        """All of it as one row of a CSV."""
        return {
            "tuning": self.tuning,
            "fraction": f"{self.fraction:g}",
            "labels": f"{self.labels:g}",
            "init": self.init,
            "baseline": self.baseline,
            "n": len(self.scores),
            "unpaired": self.unpaired,
            **{f"init_{name}": value for name, value in moments(self.scores).items()},
            **{f"baseline_{name}": value for name, value in moments(self.others).items()},
            **{f"difference_{name}": value for name, value in moments(self.differences).items()},
            **dict(zip(("difference_low", "difference_high"), map(four_digits, self.interval), strict=True)),
            "p_t": four_digits(paired_t(self.differences)),
            "p_t_holm": four_digits(self.holm_t),
            "p_signed_rank": four_digits(signed_rank(self.differences)),
            "p_signed_rank_holm": four_digits(self.holm_rank),
            "p_signed_rank_least": four_digits(smallest_p(len(self.scores))),
            "wins": self.wins,
            "baseline_needs_labels": four_digits(self.needed),
        }


def moments(values: Sequence[float]) -> dict[str, str]:
    """Mean and standard deviation as text; empty where there is none."""
    deviation = stdev(values) if len(values) > 1 else math.nan
    return {"mean": four_digits(mean(values)), "sd": four_digits(deviation)}


def four_digits(value: float) -> str:
    """A number with four digits, nothing for NaN."""
    return "" if math.isnan(value) else f"{value:.4g}"


def compare_runs(rows: Sequence[Row], column: str, *, baseline: str = "", count: str = "images") -> list[Comparison]:
    """Compare every initialisation with the baseline, for each tuning and share of the labels.

    Pairs have seed, tuning, share and labelled images in common; runs without a partner are left out and counted.

    Args:
        rows: of a study.
        column: the score, more is better.
        baseline: name of an initialisation; the first that occurs if empty.
        count: column that says how many labels there were.

    Returns:
        The comparisons with at least one pair, by tuning, share and initialisation.

    Raises:
        ValueError: if the baseline does not occur, or two rows are of one run.
    """
    rows = [row for row in distinct(rows) if scored(row, column)]
    inits = list(dict.fromkeys(row["init"] for row in rows))
    baseline = baseline or (inits[0] if inits else "")
    if baseline not in inits:
        raise ValueError(f"the baseline {baseline!r} has no row with {column!r}, others are {inits}; name one of them.")
    counts, curves = label_counts(rows, count), baseline_curves(rows, column, baseline=baseline, count=count)
    partners = {pair_key(row): float(row[column]) for row in rows if row["init"] == baseline}
    found = []
    for tuning, fraction in counts:
        for init in (name for name in inits if name != baseline):
            own = [row for row in rows if (condition(row), row["init"]) == ((tuning, fraction), init)]
            paired = sorted((row for row in own if pair_key(row) in partners), key=lambda row: int(row["seed"]))
            if paired:
                scores = tuple(float(row[column]) for row in paired)
                others = tuple(partners[pair_key(row)] for row in paired)
                needed = labels_needed(curves[tuning], mean(scores))
                made = Comparison(tuning, fraction, counts[tuning, fraction], init, baseline, scores, others)
                found.append(replace(made, unpaired=len(own) - len(paired), needed=needed))
    return adjusted(found)


def adjusted(comparisons: Sequence[Comparison]) -> list[Comparison]:
    """The same with p adjusted for their number."""
    for_t = holm([paired_t(one.differences) for one in comparisons])
    for_rank = holm([signed_rank(one.differences) for one in comparisons])
    return [replace(one, holm_t=t, holm_rank=rank) for one, t, rank in zip(comparisons, for_t, for_rank, strict=True)]


def condition(row: Row) -> tuple[str, float]:
    """Tuning and share of the labels; older rows, which do not say, are of full tuning with all labels."""
    return row.get("tuning") or "full", float(row.get("fraction") or 1)


def pair_key(row: Row) -> tuple[Any, ...]:
    """What two runs must have in common to be a pair."""
    return *condition(row), row["seed"], row.get("data", "")


def scored(row: Row, column: str) -> bool:
    """Whether a row has a score."""
    return bool(row.get(column)) and math.isfinite(float(row[column]))


def distinct(rows: Sequence[Row]) -> list[Row]:
    """Rows without repetitions, as joined tables have them.

    Args:
        rows: of one or several studies.

    Raises:
        ValueError: if two rows of one run differ in their settings.
    """
    kept: dict[tuple[Any, ...], Row] = {}
    for row in rows:
        key = (*condition(row), row["init"], row["seed"])
        if kept.setdefault(key, row).get("settings") != row.get("settings"):
            raise ValueError(f"two runs of other settings are called {key}; join tables of the same settings only.")
    return list(kept.values())


def label_counts(rows: Sequence[Row], count: str) -> dict[tuple[str, float], float]:
    """Mean number of labels of each tuning and share, by tuning as they occur, then rising.

    Args:
        rows: of a study.
        count: column with the number; the share itself where rows do not have it.
    """
    tunings = list(dict.fromkeys(condition(row)[0] for row in rows))
    order = sorted({condition(row) for row in rows}, key=lambda one: (tunings.index(one[0]), one[1]))
    return {one: mean(float(row.get(count) or one[1]) for row in rows if condition(row) == one) for one in order}


def baseline_curves(rows: Sequence[Row], column: str, *, baseline: str, count: str) -> dict[str, dict[float, float]]:
    """Mean score of the baseline by number of labels, for each tuning."""
    curves: dict[str, dict[float, float]] = {}
    for (tuning, fraction), labels in label_counts(rows, count).items():
        scores = [float(r[column]) for r in rows if (*condition(r), r["init"]) == (tuning, fraction, baseline)]
        if scores:
            curves.setdefault(tuning, {})[labels] = mean(scores)
    return curves
