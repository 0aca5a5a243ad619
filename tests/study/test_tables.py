"""Rows as text."""

import pytest

from medssl.study import study_table


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
