"""Only matches that lead back are kept, evenly from all partners, in the body."""

import numpy as np
import pytest
import torch

from medssl.data import MatchSearch, foreground_points
from medssl.data.matching import Grid
from tests.data.stored_scans import SHAPE, affine, embedded, shift, write_scans

PAIRS = [(0, 1), (0, 2), (2, 1)]


@pytest.fixture
def paths(tmp_path):
    return [case["image"] for case in write_scans(tmp_path, "abc", ["train"] * 3)["train"]]


def search(**words):
    return MatchSearch(**{"points": 6, "partners": 2, "max_tries": 20, "margin": (0, 2)} | words)


def test_matches_are_the_known_ones(paths):
    volumes = [embedded(number) for number in range(3)]
    rows, tally = search().rows(PAIRS, volumes, paths=paths)
    assert [row["volume"] for row in rows] == [0] * 6 + [2] * 6
    assert [row["partner"] for row in rows] == [1, 2] * 3 + [1] * 6
    assert tally["tried"] == tally["similar"] == tally["kept"] == 60
    for row in rows:
        moved = shift(row["partner"]) - shift(row["volume"])
        np.testing.assert_allclose(np.diff(row["pair_mm"], axis=0)[0], moved, atol=1)  # half a voxel: cells have two
        assert row["score"] == pytest.approx(1, abs=1e-4)
        assert row["round_trip_mm"] <= 3**0.5 + 0.01


def test_points_lie_in_the_body(paths):
    rows, _ = search(points=1000, max_tries=200).rows([(0, 1)], [embedded(0), embedded(1)], paths=paths)
    voxels = np.array([row["pair_mm"][0] for row in rows]) / np.diagonal(affine())[:3]
    assert voxels.min(axis=0).tolist() == [4, 2, 3]
    assert voxels.max(axis=0).tolist() == [17, 17, 13]  # two voxels from the upper ends
    rows, _ = search(points=1000, max_tries=200, foreground_hu="percentiles", margin=(0, 0)).rows(
        [(0, 1)], [embedded(0), embedded(1)], paths=paths
    )
    assert len(rows) == 200


def test_similar_everywhere_is_not_enough(paths):
    alike = torch.full((4, *(edge // 2 for edge in SHAPE)), 0.5)
    volumes = [embedded(number)._replace(fine=alike, coarse=alike) for number in range(3)]
    rows, tally = search(max_round_trip_mm=2.0).rows(PAIRS, volumes, paths=paths)
    assert rows == []
    assert tally["tried"] == tally["similar"] == 60
    assert tally["kept"] == 0


def test_dissimilar_is_dropped_even_if_it_leads_back(paths):
    axes = torch.eye(8)
    fine = axes[:6].T.reshape(8, 1, 1, 6)
    here = embedded(0)._replace(fine=fine, coarse=fine, shape=(2, 2, 12))
    there = here._replace(coarse=axes[6:7].T.expand(8, 6).reshape(8, 1, 1, 6))  # so scores are 0.5
    rows, tally = search().rows([(0, 1)], [here, there], paths=paths)
    assert rows == []
    assert tally["similar"] == 0
    rows, tally = search(min_score=0.4, max_round_trip_mm=100).rows([(0, 1)], [here, there], paths=paths)
    assert tally["similar"] == tally["kept"] == 20
    assert {row["score"] for row in rows} == {0.5}


def test_each_volume_of_a_group_is_asked_for_once(paths):
    asked = []

    class Volumes(list):
        def __getitem__(self, index):
            asked.append(index)
            return embedded(index)

    search().rows(PAIRS, Volumes(), paths=paths)
    assert sorted(asked) == [0, 1, 2]


def test_volume_without_body_gives_nothing(paths):
    volumes = [embedded(number) for number in range(3)]
    rows, tally = search(foreground_hu=500.0).rows(PAIRS, volumes, paths=paths)
    assert rows == []
    assert tally["tried"] == 0


def test_place_and_same_patient_are_kept_untested(paths):
    grids = [Grid(affine(shift(number)), SHAPE) for number in range(3)]
    rows, _ = search(pairing="place", max_round_trip_mm=1e-6).rows(PAIRS, grids, paths=paths)
    for row in rows:
        moved = shift(row["partner"]) - shift(row["volume"])
        np.testing.assert_allclose(np.diff(row["pair_mm"], axis=0)[0], moved, atol=0.011)
    rows, _ = search(pairing="same_patient", jitter_mm=3.0).rows([(1, 1)], grids, paths=paths)
    assert len(rows) == 6
    assert 0 < np.abs(np.diff([row["pair_mm"] for row in rows], axis=1)).max() <= 3.01


def test_draws_come_from_the_seed(paths):
    volumes = [embedded(number) for number in range(3)]
    first, again, other = (search(seed=seed).rows(PAIRS, volumes, paths=paths)[0] for seed in (0, 0, 1))
    assert first == again
    assert first != other


def test_every_voxel_of_the_body_is_drawn_alike():
    values = np.zeros((4, 3, 5))
    values[1:3, 1, 0:4] = 1
    drawn = foreground_points(values, 4000, above=0.5, margin=(1, 2), generator=np.random.default_rng(0))
    places, counts = np.unique(drawn, axis=0, return_counts=True)
    assert places.tolist() == []
    drawn = foreground_points(values, 4000, above=0.5, margin=(0, 1), generator=np.random.default_rng(0))
    places, counts = np.unique(drawn, axis=0, return_counts=True)
    assert places.tolist() == [[i, 1, k] for i in (1, 2) for k in range(4)]
    assert np.abs(counts - 500).max() < 100


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"points": 0}, "of 1 or more and a seed of 0 or more, got 0, 2, 20 and 0"),
        ({"seed": -1}, "a seed of 0 or more, got 6, 2, 20 and -1"),
        ({"margin": (3,)}, r"two margins of 0 voxels or more, got \[3\]"),
        ({"foreground_hu": "air"}, "a value or 'percentiles', got 'air'"),
        ({"min_score": 1.0}, r"min_score in \[-1, 1\) and a max_round_trip_mm above 0, got 1 and 8"),
        ({"max_round_trip_mm": 0}, "max_round_trip_mm above 0, got 0.7 and 0"),
        ({"pairing": "nobody"}, r"one of \['embeddings', 'place', 'same_patient'\], got 'nobody'"),
        ({"jitter_mm": -2}, "jitter of 0 mm or more, got -2"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_settings_out_of_range_are_refused(words, message):
    with pytest.raises(ValueError, match=message):
        search(**words)
