"""Which runs a study has."""

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
    assert runs[3].key == {"init": "ours", "seed": "5"}
