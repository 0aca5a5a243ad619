"""Tests and intervals by hand, and as scipy has them where it has them."""

import math

import numpy as np
import pytest
from scipy import stats

from medssl.study.statistics import bootstrap_interval, holm, labels_needed, paired_t, signed_rank, smallest_p

DRAWN = [np.random.default_rng(seed).normal(0.3, 1, size) for seed, size in enumerate((2, 5, 9, 20))]


@pytest.mark.parametrize("values", DRAWN, ids=len)
def test_both_tests_agree_with_scipy(values):
    assert paired_t(values) == pytest.approx(stats.ttest_rel(values, np.zeros_like(values)).pvalue)
    assert signed_rank(values) == pytest.approx(stats.wilcoxon(values, method="exact").pvalue)


def test_t_by_hand():
    """Mean 2 and deviation 1 of three: t is 2 / (1 / sqrt 3) = 3.464, of which the tables have p = 0.074."""
    assert paired_t([1, 2, 3]) == pytest.approx(0.0742, abs=1e-4)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param([1, 2, 3, 4, 5], 2 / 32, id="all-better"),
        pytest.param([-1, 2, 3, 4, 5], 4 / 32, id="the-least-is-worse"),
        pytest.param([1, 1, 1, 1], 2 / 16, id="all-tied"),
        pytest.param([1, 1, -1], 1.0, id="ranks-of-2-each"),  # sums 0, 2, 4, 6 in 1, 3, 3, 1 of 8 ways; here 4
        pytest.param([0, 0, 1, 2], 2 / 4, id="zeros-are-left-out"),
        pytest.param([0.3 - 0.2, 0.2 - 0.1, -(0.1 - 0.0)], 1.0, id="ties-but-for-rounding"),
    ],
)
def test_signed_rank_by_hand(values, expected):
    assert signed_rank(values) == pytest.approx(expected)


@pytest.mark.parametrize("test", [paired_t, signed_rank], ids=lambda test: test.__name__)
def test_nothing_to_test(test):
    assert test([0.0, 0.0, 0.0]) == 1
    assert math.isnan(test([0.5]))
    assert math.isnan(test([]))


def test_no_spread_gives_no_t():
    assert math.isnan(paired_t([0.3 - 0.2, 0.2 - 0.1, 0.1]))


@pytest.mark.parametrize(("pairs", "expected"), [(0, 1), (1, 1), (5, 0.0625), (6, 0.03125), (10, 2 / 1024)])
def test_smallest_p(pairs, expected):
    assert smallest_p(pairs) == expected
    if pairs > 1:
        assert signed_rank(range(1, pairs + 1)) == pytest.approx(expected)


def test_holm_by_hand():
    """0.01 x 4, 0.02 x 3, then 0.03 x 2 = 0.06, and 0.04 x 1, which may not be smaller."""
    assert holm([0.04, 0.01, 0.03, 0.02]) == pytest.approx([0.06, 0.04, 0.06, 0.06])
    assert holm([0.5, 0.9]) == [1.0, 1.0]
    first, none, second = holm([0.01, math.nan, 0.02])
    assert (first, second) == pytest.approx((0.02, 0.02))
    assert math.isnan(none)
    assert holm([]) == []


def test_interval_of_two_values_by_counting():
    """Means of two draws from 0 and 1 are 0, 0.5 and 1 in 1, 2 and 1 of 4 ways."""
    assert bootstrap_interval([0, 1]) == (0.0, 1.0)
    assert bootstrap_interval([0, 1], level=0.4) == (0.5, 0.5)
    assert bootstrap_interval([0.2, 0.2, 0.2]) == pytest.approx((0.2, 0.2))
    assert all(math.isnan(end) for end in bootstrap_interval([0.2]))


def test_interval_agrees_with_scipy_and_repeats_itself():
    values = DRAWN[-1]
    expected = stats.bootstrap((values,), np.mean, method="percentile", n_resamples=20000).confidence_interval
    found = bootstrap_interval(values)
    assert found == pytest.approx((expected.low, expected.high), abs=0.03)
    assert found == bootstrap_interval(values)
    assert found != bootstrap_interval(values, seed=1)


@pytest.mark.parametrize(("pairs", "share"), [(5, 0.83), (10, 0.90)])
def test_an_interval_of_few_pairs_is_too_narrow(pairs, share):
    """Meant for 95 %, it has the true mean in as many of 600 cases, give or take 4 deviations of their error."""
    drawn = np.random.default_rng(pairs).normal(size=(600, pairs))
    ends = np.array([bootstrap_interval(values, draws=500) for values in drawn])
    held = ((ends[:, 0] <= 0) & (ends[:, 1] >= 0)).mean()
    assert held == pytest.approx(share, abs=4 * math.sqrt(share * (1 - share) / 600))


@pytest.mark.parametrize(
    ("score", "expected"),
    [
        pytest.param(0.5, 10, id="at-the-first"),
        pytest.param(0.2, 10, id="below-the-first"),
        pytest.param(0.6, 10 * math.sqrt(10), id="half-way-between-10-and-100"),
        pytest.param(0.7, 100, id="at-a-point"),
        pytest.param(0.8, 300 * (10 / 3) ** (2 / 3), id="behind-a-dip"),
        pytest.param(0.95, math.inf, id="never"),
    ],
)
def test_labels_needed_by_hand(score, expected):
    curve = {100: 0.7, 10: 0.5, 300: 0.6, 1000: 0.9}
    assert labels_needed(curve, score) == pytest.approx(expected)
