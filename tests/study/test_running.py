"""Runs of a study."""

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from medssl.data import read_rows
from medssl.study import Run, Study, run_study, running
from medssl.study.claims import claimed

ROW = {"mean": "0.5", "configs": "c", "torch": "2", "monai": "1", "hardware": "cpu"}


@pytest.fixture
def study(bundle):
    def make(**words):
        return Study(bundle=bundle, output=bundle.parent / "out", **{"inits": {"scratch": "scratch"}, **words})

    return make


@pytest.fixture
def calls(monkeypatch):
    """Names of the runs done, of which the third is killed."""
    seen = []

    def finetune(study, run, *, folder):
        seen.append(run.name)
        if len(seen) == 3:
            raise KeyboardInterrupt
        return ROW

    monkeypatch.setattr(running, "finetune", finetune)
    return seen


def test_finished_runs_are_kept_and_not_repeated(study, calls):
    made = study(inits={"scratch": "scratch", "ours": "scratch"}, seeds=[0, 1])
    with pytest.raises(KeyboardInterrupt):
        run_study(made)
    assert [row["init"] for row in read_rows(made.output / "runs.csv")] == ["scratch", "ours"]
    rows = run_study(made)
    assert calls == ["scratch_seed0", "ours_seed0", "scratch_seed1", "scratch_seed1", "ours_seed1"]
    assert [(row["init"], row["seed"]) for row in rows] == [
        ("scratch", "0"),
        ("ours", "0"),
        ("scratch", "1"),
        ("ours", "1"),
    ]
    assert read_rows(made.output / "runs.csv") == rows
    assert run_study(made) == rows
    assert len(calls) == 5


def test_changed_conditions_are_run_anew_and_the_old_rows_found_again(study, calls):
    first = run_study(study(words={"epochs": 1}))
    second = run_study(study(words={"epochs": 2}))
    assert first[0]["settings"] != second[0]["settings"]
    assert run_study(study(words={"epochs": 1})) == first
    assert len(calls) == 2


def test_several_at_once_do_every_run_once(study, monkeypatch):
    made, done, together = study(seeds=list(range(8))), [], threading.Barrier(3)

    def finetune(study, run, *, folder):
        done.append(run.name)
        time.sleep(0.02)
        return ROW

    monkeypatch.setattr(running, "finetune", finetune)

    def work(number):
        together.wait()
        return run_study(made)

    with ThreadPoolExecutor(3) as threads:
        results = list(threads.map(work, range(3)))
    assert sorted(done) == sorted(f"scratch_seed{seed}" for seed in range(8))
    assert max(len(rows) for rows in results) == 8
    assert len(read_rows(made.output / "runs.csv")) == 8


def test_a_run_of_another_process_is_left_to_it_and_said(study, calls, caplog):
    made = study(seeds=[0, 1])
    with claimed(made.output / "scratch_seed0" / "claim.lock"):
        rows = run_study(made)
    assert [row["seed"] for row in rows] == ["1"]
    assert "1 of 2 runs are with other processes" in caplog.text
    assert len(run_study(made)) == 2


def test_rows_of_different_conditions_are_said(study, monkeypatch, caplog):
    versions = iter(["2.0", "2.1"])
    monkeypatch.setattr(running, "finetune", lambda *run, folder: {**ROW, "torch": next(versions)})
    run_study(study(seeds=[0, 1]))
    assert "the runs differ in torch;" in caplog.text


def test_runs_cut_short_are_said(study, monkeypatch, caplog):
    epochs = {"scratch_0.5_seed0": 3, "scratch_0.5_seed1": 3, "scratch_seed0": 7, "scratch_seed1": 5}
    monkeypatch.setattr(running, "finetune", lambda study, run, *, folder: {**ROW, "epochs": epochs[run.name]})
    run_study(study(seeds=[0, 1], fractions=[0.5]))
    run_study(study(seeds=[0], fractions=[0.5, 1.0]))
    assert "differ" not in caplog.text
    run_study(study(seeds=[0, 1], fractions=[0.5, 1.0]))
    assert "runs of one tuning and share differ in epochs: patience or a limit of time" in caplog.text


def test_one_run_trains_then_evaluates_and_reports_both(study, tmp_path, monkeypatch):
    made = study(
        inits={"ours": {"pretrained": "scratch", "train_list": "a.csv"}},
        overlays=["demo"],
        words={"epochs": 3},
        evaluate={"part": "test"},
        without=["StatsHandler"],
    )
    folder, ran = made.output / "ours", []
    record = {"epoch": 3, "iteration": 9, "hardware": "cpu", "versions": {"torch": "2", "monai": "1"}, "settings": {}}

    def execute(bundle, configs, *, overrides, without=()):
        target = made.output.joinpath(overrides["output_dir"])
        manifest = target / "manifest.json"
        ran.append((configs, dict(overrides), [*without], manifest.read_text() if manifest.is_file() else ""))
        target.mkdir(parents=True, exist_ok=True)
        manifest.write_text(ran[-1][-1] + "seen ")
        (target / "checkpoint.pt").write_text("")
        (target / "dice.csv").write_text("case,liver,mean\nmean,0.5,0.5\n")
        (target / "run.json").write_text(json.dumps(record))
        return Workflow()

    class Workflow:
        train_dataset_data = [{"image": "a", "patient": "p"}, {"image": "b", "patient": "p"}]  # noqa: RUF012
        val_dataset_data = [{"image": "c"}]  # noqa: RUF012

    monkeypatch.setattr(running, "execute", execute)
    row = running.finetune(made, Run("ours", "scratch", 4), folder=folder)
    common = {"models_dir": str(folder), "seed": 4, "label_fraction": 1.0, "epochs": 3}
    own = {"pretrained": "scratch", "train_list": "a.csv", "output_dir": str(folder)}
    assert ran == [
        (["train", "demo"], common | own, ["StatsHandler"], ""),
        (["train", "demo", "evaluate"], common | {"output_dir": str(folder / "evaluate"), "part": "test"}, [], "seen "),
    ]
    assert (made.output / "manifest.json").read_text() == "seen seen "
    assert {path.name for path in folder.iterdir()} == {"dice.csv", "run.json", "evaluate"}
    facts = {"pretrained": "scratch", "images": 2, "patients": 1, "evaluated": 1, "liver": "0.5", "epochs": 3}
    assert facts.items() <= row.items()


def test_what_learns_decides_who_does_a_run(study, monkeypatch):
    for name in ("finetune", "probe"):
        monkeypatch.setattr(running, name, lambda study, run, *, folder, name=name: {**ROW, "done_by": name})
    rows = run_study(study(config="classify", tunings=["full", "frozen", "linear", "knn"]))
    assert [(row["tuning"], row["done_by"]) for row in rows] == [
        ("full", "finetune"),
        ("frozen", "finetune"),
        ("linear", "probe"),
        ("knn", "probe"),
    ]


def test_rows_from_before_there_were_tunings_are_of_full_ones(study, calls):
    made = study(seeds=[0, 1])
    run_study(made)
    file = next((made.output / "scratch_seed0").glob("row_*.json"))
    row = json.loads(file.read_text())
    del row["tuning"]
    file.write_text(json.dumps(row))
    assert [row["tuning"] for row in run_study(made)] == ["full", "full"]
