"""Runs of a study."""

import json
from pathlib import Path

import pytest

from medssl.data import read_rows
from medssl.study import Run, run_study, running


@pytest.fixture
def calls(monkeypatch):
    seen = []

    def finetune(bundle, run, *, folder, overlays, **words):
        seen.append((run.name, folder.name, tuple(overlays), words))
        if len(seen) == 3:
            raise KeyboardInterrupt
        return {"mean": "0.5"}

    monkeypatch.setattr(running, "finetune", finetune)
    return seen


def test_finished_runs_are_kept_and_not_repeated(tmp_path, calls):
    words = {
        "inits": {"scratch": "scratch", "ours": "a.pt"},
        "output": tmp_path,
        "seeds": [0, 1],
        "overlays": ["demo"],
        "epochs": 2,
    }
    with pytest.raises(KeyboardInterrupt):
        run_study("bundle", **words)
    assert [row["init"] for row in read_rows(tmp_path / "runs.csv")] == ["scratch", "ours"]
    rows = run_study("bundle", **words)
    assert [name for name, *_ in calls] == [
        "scratch_seed0",
        "ours_seed0",
        "scratch_seed1",
        "scratch_seed1",
        "ours_seed1",
    ]
    assert calls[0][1:] == ("scratch_seed0", ("demo",), {"epochs": 2})
    assert len(rows) == 4


def test_changed_conditions_are_run_anew(tmp_path, calls):
    words = {"inits": {"scratch": "scratch"}, "output": tmp_path}
    run_study("bundle", **words, epochs=1)
    assert len(run_study("bundle", **words, epochs=2)) == 1
    assert [row["init"] for row in read_rows(tmp_path / "runs.csv")] == ["scratch", "scratch"]


def test_other_weights_under_the_same_name_are_noticed(tmp_path):
    (tmp_path / "a.pt").write_bytes(b"one")
    run = Run("ours", str(tmp_path / "a.pt"), 0)
    before = running.fingerprint(run, [], {})
    (tmp_path / "a.pt").write_bytes(b"two")
    assert running.fingerprint(run, [], {}) != before


def test_the_last_row_of_a_table_is_its_mean(tmp_path):
    (tmp_path / "dice.csv").write_text("case,liver,mean\na,0.5,0.5\nmean,0.25,0.75\n")
    assert running.mean_row(tmp_path / "dice.csv") == {"liver": "0.25", "mean": "0.75"}


def test_one_run_trains_then_evaluates_and_reports_both(tmp_path, monkeypatch):
    ran = []

    def execute(bundle, configs, **words):
        ran.append((configs, Path(words["output_dir"]).relative_to(tmp_path).as_posix(), words.get("pretrained")))
        Path(words["output_dir"]).mkdir(parents=True)
        if "evaluate" in configs:
            (Path(words["output_dir"]) / "dice.csv").write_text("case,liver,mean\nmean,0.5,0.5\n")
        else:
            record = {"epoch": 3, "iteration": 9, "hardware": "cpu"}
            (Path(words["output_dir"]) / "run.json").write_text(json.dumps(record))

    monkeypatch.setattr(running, "execute", execute)
    row = running.finetune(
        Path("bundle"), Run("ours", "a.pt", 4), folder=tmp_path / "ours", overlays=["demo"], epochs=3
    )
    assert ran == [(["train", "demo"], "ours", "a.pt"), (["train", "demo", "evaluate"], "ours/evaluate", None)]
    assert {key: row[key] for key in ("pretrained", "liver", "mean", "epochs", "iterations", "hardware")} == {
        "pretrained": "a.pt",
        "liver": "0.5",
        "mean": "0.5",
        "epochs": 3,
        "iterations": 9,
        "hardware": "cpu",
    }
