"""A table of matches is the same however often its writing was cut off."""

import json
import logging

import numpy as np
import pytest

from medssl.data import MatchSearch, load_matches, match_volumes, place_matches, same_patient_matches
from tests.data.stored_scans import Volumes, shift, write_scans

PATIENTS, SPLITS = list("abcdefg"), ["train"] * 5 + ["val"] * 2
FACTS = {"data_hash": "d1", "steps": 100}
SEARCH = MatchSearch(points=4, partners=2, max_tries=10, margin=(0, 2))


@pytest.fixture(scope="module")
def cases(tmp_path_factory):
    return write_scans(tmp_path_factory.mktemp("store"), PATIENTS, SPLITS)


@pytest.fixture(scope="module")
def finished(cases, tmp_path_factory):
    folder = tmp_path_factory.mktemp("matches")
    match_volumes(Volumes(7), cases, search=SEARCH, matches_dir=str(folder), facts=FACTS)
    return folder


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_rows_name_both_places(finished):
    table = load_matches(str(finished), "d1")
    assert len(table["rows"]) == 28
    for row in table["rows"]:
        own, partner = int(row["case"][:2]), int(row["partner"][:2])
        assert own != partner
        assert SPLITS[own] == SPLITS[partner]
        assert row["pair_mm"].shape == (2, 3)
        np.testing.assert_allclose(np.diff(row["pair_mm"], axis=0)[0], shift(partner) - shift(own), atol=1)
        assert row["score"] > 0.99
        assert row["round_trip_mm"] < 2


def test_page_says_how_the_table_was_made(finished):
    table = load_matches(str(finished))
    assert sorted(contents(finished)) == ["matches.csv", "matches.json"]
    assert table["counts"] == {
        "cases": 7, "without_match": 0, "with_fewer_points": 0, "rows": 28, "tried": 100, "similar": 100, "kept": 100
    }  # fmt: skip
    assert (table["data_hash"], table["steps"]) == ("d1", 100)
    assert table["settings"]["max_round_trip_mm"] == 8
    assert table["medians"]["score"] > 0.99


def test_table_is_small_and_names_nobody(finished, cases):
    text = (finished / "matches.csv").read_text() + (finished / "matches.json").read_text()
    assert len(text) < 28 * 120 + 1000
    assert not any(case["image"] in text for case in cases["train"])
    assert "b2nd" not in text


@pytest.mark.parametrize("last", [0, 2, 3, 6], ids=str)
def test_killed_run_continues_to_the_same_files(cases, finished, tmp_path, last):
    broken, whole = Volumes(7, last), Volumes(7)
    with pytest.raises(KeyboardInterrupt):
        match_volumes(broken, cases, search=SEARCH, matches_dir=str(tmp_path), facts=FACTS)
    with pytest.raises(ValueError, match="no finished matches"):
        load_matches(str(tmp_path))
    match_volumes(whole, cases, search=SEARCH, matches_dir=str(tmp_path), facts=FACTS)
    assert contents(tmp_path) == contents(finished)
    kept = {0: 0, 2: 0, 3: 3, 6: 5}[last]  # groups of 3, 2 and 2
    assert len(whole.asked) == 7 - kept


def test_finished_table_is_left_alone(cases, finished, caplog):
    volumes = Volumes(7)
    with caplog.at_level(logging.INFO):
        match_volumes(volumes, cases, search=SEARCH, matches_dir=str(finished), facts=FACTS)
    assert volumes.asked == []
    assert "nothing to do" in caplog.text


@pytest.mark.parametrize(
    ("facts", "words"),
    [({"data_hash": "d2"}, {}), ({"steps": 200}, {}), ({}, {"seed": 1})],
    ids=["other-images", "other-embeddings", "other-seed"],
)
def test_another_table_is_replaced(cases, tmp_path, caplog, facts, words):
    match_volumes(Volumes(7), cases, search=SEARCH, matches_dir=str(tmp_path), facts=FACTS)
    before = load_matches(str(tmp_path))["key"]
    search = MatchSearch(**vars(SEARCH) | words)
    match_volumes(Volumes(7), cases, search=search, matches_dir=str(tmp_path), facts=FACTS | facts)
    assert load_matches(str(tmp_path))["key"] != before
    assert "they are replaced" in caplog.text


def test_cases_without_a_match_are_counted_and_left_out(cases, tmp_path, caplog):
    class OneStrange(Volumes):
        def __getitem__(self, index):
            volume = super().__getitem__(index)
            return volume._replace(fine=volume.fine * (index != 1), coarse=volume.coarse * (index != 1))

    search = MatchSearch(points=25, partners=2, max_tries=10, margin=(0, 2))
    with caplog.at_level(logging.INFO):
        match_volumes(OneStrange(7), cases, search=search, matches_dir=str(tmp_path), facts=FACTS)
    table = load_matches(str(tmp_path))
    assert not any("01" in (row["case"][:2], row["partner"][:2]) for row in table["rows"])
    assert table["counts"]["without_match"] >= 1
    assert "have none and are left out" in caplog.text
    assert "led back, hardly more than without any training" not in caplog.text
    assert table["counts"]["with_fewer_points"] == 7 - table["counts"]["without_match"]


class Blank(Volumes):
    """Finds every point in one corner."""

    def __getitem__(self, index):
        volume = super().__getitem__(index)
        return volume._replace(fine=volume.fine * 0, coarse=volume.coarse * 0)


def test_few_that_lead_back_are_a_warning(cases, tmp_path, caplog):
    search = MatchSearch(points=25, partners=2, max_tries=10, margin=(0, 2), min_score=-1, max_round_trip_mm=24)
    match_volumes(Blank(7), cases, search=search, matches_dir=str(tmp_path), facts=FACTS)
    counts = load_matches(str(tmp_path))["counts"]
    assert 0 < counts["kept"] < 0.4 * counts["tried"]
    assert "led back, hardly more than without any training" in caplog.text


def test_no_match_at_all_is_an_error(cases, tmp_path):
    with pytest.raises(ValueError, match="No case has a match: of 100 points tried, 0 scored above"):
        match_volumes(Blank(7), cases, search=SEARCH, matches_dir=str(tmp_path), facts=FACTS)
    with pytest.raises(ValueError, match="no finished matches"):
        load_matches(str(tmp_path))


def test_single_validation_patient_is_paired_with_training_patients(tmp_path, caplog):
    cases = write_scans(tmp_path / "store", "abc", ["train", "train", "val"])
    match_volumes(Volumes(3), cases, search=SEARCH, matches_dir=str(tmp_path / "matches"), facts=FACTS)
    rows = load_matches(str(tmp_path / "matches"))["rows"]
    assert {row["partner"][:2] for row in rows if row["case"].startswith("02")} == {"00", "01"}
    assert "02" not in {row["partner"][:2] for row in rows}
    assert "1 validation cases are of one patient" in caplog.text


@pytest.mark.parametrize("write", [place_matches, same_patient_matches], ids=["place", "same-patient"])
def test_tables_without_a_network(cases, tmp_path, write):
    write(cases, search=SEARCH, matches_dir=str(tmp_path), facts={"data_hash": "d1"})
    table = load_matches(str(tmp_path), "d1")
    assert len(table["rows"]) == 28
    same = [row["case"] == row["partner"] for row in table["rows"]]
    assert all(same) if write is same_patient_matches else not any(same)
    assert table["settings"]["pairing"] == write.__name__.removesuffix("_matches")


def test_missing_table_names_the_command(finished, tmp_path):
    with pytest.raises(ValueError, match=r"no finished matches in (?s:.*)run --config_file configs/match\.json"):
        load_matches(str(tmp_path))
    with pytest.raises(ValueError, match=r"found in other images \(hash d1, these have d2(?s:.*)configs/match\.json"):
        load_matches(str(finished), "d2")


def test_other_volumes_are_refused(cases, tmp_path):
    with pytest.raises(ValueError, match="a volume for each case, got 6 for 7 cases"):
        match_volumes(Volumes(6), cases, search=SEARCH, matches_dir=str(tmp_path), facts=FACTS)
    (tmp_path / "scan.nii").write_bytes(b"")
    plain = {"train": [{"image": str(tmp_path / "scan.nii"), "patient": "a"}], "val": []}
    with pytest.raises(ValueError, match=r"needs prepared volumes, scan\.nii is none"):
        match_volumes(Volumes(1), plain, search=SEARCH, matches_dir=str(tmp_path), facts=FACTS)
    assert not (tmp_path / "matches.json").exists()


def test_unfinished_groups_of_other_settings_are_forgotten(cases, finished, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        match_volumes(Volumes(7, 4), cases, search=SEARCH, matches_dir=str(tmp_path), facts={"data_hash": "d0"})
    assert json.loads((tmp_path / "plan.json").read_text())["key"]
    match_volumes(Volumes(7), cases, search=SEARCH, matches_dir=str(tmp_path), facts=FACTS)
    assert contents(tmp_path) == contents(finished)
