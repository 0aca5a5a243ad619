"""Runs done and time left."""

from medssl.study import study_runs
from medssl.study.progress import progress

RUNS = study_runs({"scratch": "scratch", "ours": "a.pt"}, [0, 1], fractions=[0.1, 1])


def rows(*numbers, minutes):
    return [{**RUNS[number].key, "minutes": minutes} for number in numbers]


def test_time_left_by_hand():
    """Of three runs left one has 10 % of the labels, at 2 min each; two have all, at 10."""
    done = rows(0, 1, 4, minutes="2.0") + rows(2, 3, minutes="10.0")
    assert progress(done, RUNS) == "5 of 8 runs are done, about 22 min of training left for one process"


def test_other_shares_take_the_mean_of_all():
    assert progress(rows(0, minutes="3"), RUNS).endswith("about 21 min of training left for one process")


def test_nothing_is_left_or_known():
    assert progress(rows(*range(8), minutes="1"), RUNS) == "8 of 8 runs are done"
    assert progress([], RUNS) == "0 of 8 runs are done"
    assert progress([RUNS[0].key], RUNS) == "1 of 8 runs are done"
