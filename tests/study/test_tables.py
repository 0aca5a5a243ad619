"""Rows as text."""

import pytest

from medssl.study import compare_runs, study_table
from medssl.study.tables import comparison_table
from tests.study.rows import study_rows


def test_means_and_spread_by_hand():
    rows = [{"init": "scratch", "mean": "0.2"}, {"init": "ours", "mean": "0.5"}, {"init": "scratch", "mean": "0.4"}]
    assert study_table(rows, ["mean"]).splitlines() == [
        "init     seeds  mean",
        "scratch  2      0.300 ± 0.141",
        "ours     1      0.500",
    ]


def test_a_column_for_each_share_of_the_labels():
    rows = [
        {"init": init, "fraction": share, "auc": auc, "images": images}
        for init, share, auc, images in [
            ("scratch", "0.01", "0.5", "40"),
            ("scratch", "0.01", "0.7", "43"),
            ("scratch", "0.1", "0.8", "400"),
            ("ours", "0.01", "0.9", "40"),
        ]
    ]
    assert study_table(rows, ["auc", "images"]).splitlines() == [
        "init     seeds  auc 0.01       auc 0.1  images 0.01  images 0.1",
        "scratch  1-2    0.600 ± 0.141  0.800    41.5 ± 2.1   400.0",
        "ours     0-1    0.900          none     40.0         none",
    ]


def test_no_rows_are_refused():
    with pytest.raises(ValueError, match="at least one"):
        study_table([], ["mean"])


def test_an_unknown_column_is_named():
    with pytest.raises(ValueError, match=r"no columns \['auc'\], known are \['init', 'mean'\]"):
        study_table([{"init": "a", "mean": "1"}], ["auc"])


def test_tunings_have_lines_of_their_own_and_old_rows_are_full():
    rows = [{"init": "ours", "mean": "0.2", "tuning": tuning} for tuning in ("", "linear", "full")]
    assert study_table(rows, ["mean"], form="markdown").splitlines() == [
        "| init | tuning | seeds | mean |",
        "|---|---|---|---|",
        "| ours | full | 2 | 0.200 ± 0.000 |",
        "| ours | linear | 1 | 0.200 |",
    ]


def test_comparisons_by_hand():
    scores = {
        ("scratch", 0.1): [0.2, 0.4, 0.3],
        ("ours", 0.1): [0.5, 0.6, 0.7],
        ("worse", 0.1): [0.1],
        ("scratch", 1): [0.6, 0.8, 0.7],
        ("ours", 1): [0.7, 0.9, 0.8],
    }
    head, *lines = comparison_table(compare_runs(study_rows(scores), "mean"), form="markdown").splitlines()
    assert head == (
        "| init | labels | n | mean | scratch | difference [95 %] | t p (Holm) | rank p (Holm) | wins | labels saved |"
    )
    assert lines[1:] == [
        "| ours | 10 | 3 | 0.600 ± 0.100 | 0.300 ± 0.100 | +0.300 [+0.200, +0.400] "
        "| 0.035 (0.035) | 0.250 (0.500) | 3 of 3 | 46 of 56 |",
        "| worse | 10 | 1 | 0.100 | 0.200 | -0.100 | none | none | 0 of 1 | none |",
        "| ours | 100 | 3 | 0.800 ± 0.100 | 0.700 ± 0.100 | +0.100 [+0.100, +0.100] "
        "| none | 0.250 (0.500) | 3 of 3 | more than the most |",
    ]
