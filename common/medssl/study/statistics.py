"""What paired scores say: tests, intervals, and how many labels a start saves."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from scipy import stats

__all__ = ["bootstrap_interval", "holm", "labels_needed", "paired_t", "signed_rank", "smallest_p"]

DIGITS = 9  # differences of scores that were written with few digits are equal but for rounding


def paired_t(differences: Sequence[float]) -> float:
    """Two-sided p of the paired t-test.

    Args:
        differences: of the pairs.

    Returns:
        1 where all are zero; NaN for fewer than two, or where all are the same other number: there is no spread to
        measure them by.
    """
    values = np.round(np.asarray(differences, dtype=float), DIGITS)
    if len(values) >= 2 and not values.any():
        return 1.0
    if len(values) < 2 or np.ptp(values) == 0:
        return math.nan
    return float(stats.ttest_1samp(values, 0.0).pvalue)


def signed_rank(differences: Sequence[float]) -> float:
    """Two-sided exact p of Wilcoxon's signed-rank test, with ties too, for which scipy has an approximation only.

    Args:
        differences: of the pairs; zeros are left out, as Wilcoxon did.

    Returns:
        1 where all are zero, NaN for fewer than two pairs.
    """
    values = np.round(np.asarray(differences, dtype=float), DIGITS)
    if len(values) < 2:
        return math.nan
    values = values[values != 0]
    ranks = np.round(2 * stats.rankdata(np.abs(values))).astype(int)  # doubled, so that those of ties are whole
    ways = np.zeros(ranks.sum() + 1)  # share of all signs, by the sum of positive ranks
    ways[0] = 1
    for rank in ranks:
        ways = (ways + np.roll(ways, rank)) / 2
    total = int(ranks[values > 0].sum())
    return float(min(1.0, 2 * min(ways[: total + 1].sum(), ways[total:].sum())))


def smallest_p(pairs: int) -> float:
    """Least two-sided p that the signed-rank test can give at all.

    Args:
        pairs: how many differ.
    """
    return min(1.0, 2.0 ** (1 - pairs))


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjust p for the number of comparisons, as Holm does.

    Args:
        p_values: of all comparisons; NaN is no comparison, and stays.

    Source:
        Holm, A simple sequentially rejective multiple test procedure, Scandinavian Journal of Statistics 1979.
    """
    tested = sorted((p, place) for place, p in enumerate(p_values) if not math.isnan(p))
    adjusted, highest = [math.nan] * len(p_values), 0.0
    for rank, (p, place) in enumerate(tested):
        highest = max(highest, min(1.0, (len(tested) - rank) * p))
        adjusted[place] = highest
    return adjusted


def bootstrap_interval(
    differences: Sequence[float], *, level: float = 0.95, draws: int = 10000, seed: int = 0
) -> tuple[float, float]:
    """Percentile bootstrap interval of the mean difference; too narrow for few pairs.

    Args:
        differences: of the pairs.
        level: chance that the interval is meant to have, in (0, 1).
        draws: how often pairs are drawn anew.
        seed: of the draws.

    Returns:
        Its ends; NaN for fewer than two pairs.
    """
    values = np.asarray(differences, dtype=float)
    if len(values) < 2:
        return math.nan, math.nan
    drawn = np.random.default_rng(seed).integers(len(values), size=(draws, len(values)))
    low, high = np.quantile(values[drawn].mean(axis=1), [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def labels_needed(curve: Mapping[float, float], score: float) -> float:
    """How many labels reach a score, by the curve of another start; between its points along the logarithm.

    Args:
        curve: mean score by number of labels.
        score: to reach.

    Returns:
        The least number; that of the first point if it is as good already, infinity if no point is.
    """
    points = sorted(curve.items())
    for number, (labels, mean) in enumerate(points):
        if mean >= score:
            if number == 0:
                return labels
            before, lower = points[number - 1]
            return float(before * (labels / before) ** ((score - lower) / (mean - lower)))
    return math.inf
