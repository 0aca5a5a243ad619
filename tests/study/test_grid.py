"""Which runs a study has."""

import pytest

from medssl.study import Run, study_runs


def test_every_initialisation_with_every_seed_seed_by_seed():
    runs = study_runs({"scratch": "scratch", "ours": "a.pt"}, [3, 5])
    assert runs == [
        Run("scratch", "scratch", 3),
        Run("ours", "a.pt", 3),
        Run("scratch", "scratch", 5),
        Run("ours", "a.pt", 5),
    ]
    assert runs[3].name == "ours_seed5"
    assert runs[3].key == {"init": "ours", "fraction": "1", "seed": "5", "tuning": "full"}


def test_every_share_of_the_labels_before_the_next_seed():
    runs = study_runs({"scratch": "scratch", "ours": "a.pt"}, [0, 1], fractions=[0.05, 1])
    assert [run.name for run in runs[:5]] == [
        "scratch_0.05_seed0",
        "ours_0.05_seed0",
        "scratch_seed0",
        "ours_seed0",
        "scratch_0.05_seed1",
    ]
    assert runs[0].key == {"init": "scratch", "fraction": "0.05", "seed": "0", "tuning": "full"}


def test_a_share_may_have_more_seeds_than_another():
    runs = study_runs({"ours": "a.pt"}, {"0.1": [0, 1, 2], "1.0": [1]}, fractions=[0.1, 1])
    assert [(run.seed, run.fraction) for run in runs] == [(0, 0.1), (1, 0.1), (1, 1), (2, 0.1)]
    with pytest.raises(ValueError, match=r"need one for 0\.5, got .*'0\.1'.*; add it"):
        study_runs({"ours": "a.pt"}, {"0.1": [0]}, fractions=[0.5])


def test_every_tuning_before_the_next_share():
    runs = study_runs({"a": "a.pt", "b": "b.pt"}, [0], fractions=[0.5, 1], tunings=["full", "knn"])
    assert [run.name for run in runs[:5]] == [
        "a_0.5_seed0",
        "b_0.5_seed0",
        "a_0.5_knn_seed0",
        "b_0.5_knn_seed0",
        "a_seed0",
    ]
    assert runs[2].key == {"init": "a", "fraction": "0.5", "seed": "0", "tuning": "knn"}
