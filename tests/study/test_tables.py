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


def test_no_rows_are_refused():
    with pytest.raises(ValueError, match="at least one"):
        study_table([], ["mean"])
