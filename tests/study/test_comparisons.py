"""Initialisations beside the baseline."""

import math

import numpy as np
import pytest
from scipy import stats

from medssl.study import compare_runs
from tests.study.rows import study_rows

SCRATCH, OURS = [0.2, 0.4, 0.3], [0.5, 0.6, 0.7]


def test_pairs_are_of_one_seed_and_share_whatever_their_order():
    rows = study_rows({("scratch", 0.1): SCRATCH, ("scratch", 1): [0.6, 0.8, 0.7], ("ours", 0.1): OURS})
    (one,) = compare_runs(rows[::-1], "mean", baseline="scratch")
    assert (one.init, one.baseline, one.tuning, one.fraction, one.labels) == ("ours", "scratch", "full", 0.1, 10)
    assert one.scores == (0.5, 0.6, 0.7)
    assert one.others == (0.2, 0.4, 0.3)
    assert one.differences == pytest.approx([0.3, 0.2, 0.4])
    assert (one.wins, one.unpaired) == (3, 0)
    assert one.interval == pytest.approx((0.2, 0.4))
    assert one.needed == pytest.approx(10 * 10 ** (0.3 / 0.4))  # 0.6 between 0.3 with 10 and 0.7 with 100 images
    assert one.holm_t == pytest.approx(stats.ttest_rel(OURS, SCRATCH).pvalue)
    assert one.holm_rank == 0.25


def test_runs_without_a_partner_are_left_out_and_counted():
    rows = study_rows({("scratch", 1): SCRATCH, ("ours", 1): [*OURS, 0.1], ("other", 0.5): OURS})
    (one,) = compare_runs(rows, "mean")
    assert (one.init, len(one.scores), one.unpaired) == ("ours", 3, 1)


@pytest.mark.parametrize(
    "change", [{"data": "other"}, {"tuning": "linear"}, {"mean": ""}, {"mean": "nan"}], ids=lambda c: str([*c.items()])
)
def test_other_labels_or_tuning_or_no_score_make_no_pair(change):
    rows = study_rows({("scratch", 1): SCRATCH, ("ours", 1): OURS}, data="a")
    rows[0].update(change)
    assert [len(one.scores) for one in compare_runs(rows, "mean", baseline="scratch")] == [2]


def test_each_tuning_has_its_own_baseline():
    full = study_rows({("scratch", 1): SCRATCH, ("ours", 1): OURS})
    linear = study_rows({("scratch", 1): [0.1, 0.1, 0.1], ("ours", 1): OURS}, tuning="linear")
    first, second = compare_runs(linear + full, "mean", baseline="scratch")
    assert (first.tuning, second.tuning) == ("linear", "full")
    assert first.others == (0.1, 0.1, 0.1)
    assert second.holm_t == pytest.approx(max(2 * min(p_of(first), p_of(second)), p_of(second)))


def p_of(one):
    return stats.ttest_rel(one.scores, one.others).pvalue


def test_joined_tables_may_repeat_a_run_but_not_mix_settings():
    rows = study_rows({("scratch", 1): SCRATCH, ("ours", 1): OURS})
    assert compare_runs(rows + rows, "mean") == compare_runs(rows, "mean")
    with pytest.raises(ValueError, match=r"other settings are called \('full', 1.0, 'ours', '0'\)"):
        compare_runs([*rows, {**rows[3], "settings": "other"}], "mean")


def test_old_rows_are_of_full_tuning_with_all_labels():
    rows = [{"init": init, "seed": "0", "mean": score} for init, score in (("scratch", "0.1"), ("ours", "0.2"))]
    (one,) = compare_runs(rows, "mean")
    assert (one.tuning, one.fraction, one.labels) == ("full", 1.0, 1.0)


def test_an_unknown_baseline_is_named():
    with pytest.raises(ValueError, match=r"baseline 'none' has no row with 'mean', others are \['scratch'\]"):
        compare_runs(study_rows({("scratch", 1): SCRATCH}), "mean", baseline="none")


def test_a_record_has_the_numbers_by_hand():
    rows = study_rows({("scratch", 1): [0.1, 0.2], ("ours", 1): [0.3, 0.6]})
    record = compare_runs(rows, "mean")[0].record
    expected = {"init": "ours", "baseline": "scratch", "labels": "100", "n": 2, "wins": 2, "init_mean": "0.45"}
    expected |= {"baseline_mean": "0.15", "difference_mean": "0.3", "difference_sd": "0.1414", "difference_low": "0.2"}
    expected |= {"p_signed_rank": "0.5", "p_signed_rank_least": "0.5", "baseline_needs_labels": "inf"}
    assert expected.items() <= record.items()
    single = compare_runs(rows[::2], "mean")[0].record
    assert (single["init_sd"], single["p_t"], single["difference_low"]) == ("", "", "")


@pytest.mark.parametrize("seeds", [5, 10])
def test_the_same_start_under_two_names_is_seldom_found_different(seeds):
    """At most 5 % of the studies, and four deviations of their binomial error, have any p below 0.05 after Holm."""
    draw, studies = np.random.default_rng(seeds), 400
    found = np.zeros(2)
    for _ in range(studies):
        common = draw.normal(size=(3, seeds))  # what runs of one seed share
        scores = {
            (name, share): common[place] + draw.normal(size=seeds)
            for place, share in enumerate((0.1, 0.5, 1.0))
            for name in ("first", "again")
        }
        comparisons = compare_runs(study_rows(scores), "mean")
        for place, name in enumerate(("holm_t", "holm_rank")):
            found[place] += min(getattr(one, name) for one in comparisons) < 0.05
    assert (found / studies <= 0.05 + 4 * math.sqrt(0.05 * 0.95 / studies)).all(), found
