"""Items hold the matches of a case and the places of its partners' volumes."""

import logging
import pickle

import numpy as np
import pytest

from medssl.data import MatchedPairs
from tests.data.stored_scans import write_scans


@pytest.fixture(scope="module")
def cases(tmp_path_factory):
    split = write_scans(tmp_path_factory.mktemp("store"), "abcd", ["train"] * 3 + ["val"])
    return split["train"] + split["val"]


def row(case, partner, start=0.0):
    points = np.arange(start, start + 6).reshape(2, 3)
    return {"case": f"{case:02d}" * 8, "partner": f"{partner:02d}" * 8, "pair_mm": points, "score": 1.0}


def test_items(cases):
    pairs = MatchedPairs(cases[:3], [row(2, 0), row(0, 1), row(0, 2, 7.0), row(3, 0)])
    assert len(pairs) == 2
    first, last = pairs[0], pairs[-1]
    assert (first["image"], first["partners"]) == (cases[0]["image"], [cases[1]["image"], cases[2]["image"]])
    assert first["pairs"].tolist() == [[[0, 1, 2], [3, 4, 5]], [[7, 8, 9], [10, 11, 12]]]
    assert first["pairs"].dtype == np.float64
    assert (last["image"], last["partners"]) == (cases[2]["image"], [cases[0]["image"]])
    with pytest.raises(IndexError):
        pairs[2]


def test_partners_may_be_other_cases(cases):
    rows = [row(3, 0), row(3, 1)]
    pairs = MatchedPairs(cases[3:], rows, partners=cases)
    assert pairs[0]["partners"] == [cases[0]["image"], cases[1]["image"]]
    with pytest.raises(ValueError, match="None of 1 cases has a match among 2 rows"):
        MatchedPairs(cases[3:], rows)


def test_cases_without_matches_are_counted(cases, caplog):
    with caplog.at_level(logging.INFO):
        assert len(MatchedPairs(cases, [row(1, 0)])) == 1
    assert "1 of 4 cases have matches" in caplog.text


def test_can_be_sent_to_workers(cases):
    pairs = MatchedPairs(cases, [row(1, 0), row(0, 1)])
    assert pickle.loads(pickle.dumps(pairs))[1]["pairs"].tolist() == pairs[1]["pairs"].tolist()
