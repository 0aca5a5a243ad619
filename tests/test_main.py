"""The verbs of ``python -m medssl``."""

import json
import subprocess
import sys

import pytest

from medssl import __main__ as verbs
from medssl.checks import Findings
from medssl.data import read_listing
from medssl.study import Annotation, study_of
from medssl.study.grid import PROBES


def test_a_bundle_is_a_folder_or_a_name():
    folder = verbs.bundle_folder("semantic_genesis")
    assert verbs.bundle_folder(str(folder)) == folder
    assert "semantic_genesis" in verbs.known_bundles()


def test_an_unknown_bundle_is_named_beside_the_known():
    with pytest.raises(SystemExit, match=r"no bundle at 'nothing'.*semantic_genesis"):
        verbs.bundle_folder("nothing")


class Shown:
    """A report that says what it was made of."""

    def __init__(self, *args, **words):
        self.made = args, words

    def text(self, form="text"):
        return f"{form} {self.made}"

    def write(self, folder):
        return [f"{folder}/table.txt"]


@pytest.mark.parametrize(
    ("verb", "bundle", "given"),
    [("study", "semantic_genesis", {"dataset_dir": "mine"}), ("annotate", "alice", {"weights": "theirs"})],
)
def test_a_verb_finds_the_bundle_and_prints_the_report(tmp_path, monkeypatch, capsys, verb, bundle, given):
    monkeypatch.setattr(verbs, {"study": "report_study", "annotate": "report_annotation"}[verb], Shown)
    file = tmp_path / f"{verb}.json"
    file.write_text(json.dumps({"bundle": bundle}))
    getattr(verbs, verb)(str(file), **given)
    words = {"bundle": str(verbs.bundle_folder(bundle)), "dataset_dir": "", "weights": "", **given}
    assert capsys.readouterr().out == f"text {((str(file),), words)}\n"


def test_label_makes_the_folder_and_prints_the_command(monkeypatch, capsys, tmp_path):
    made, verified = [], []
    monkeypatch.setattr(verbs, "write_app_folder", lambda *words: made.append(words) or ["dira", "mine"])
    monkeypatch.setattr(verbs, "verify_archive", verified.append)
    verbs.label("app", ["dira", "mine_v0.1.0.zip"], studies="films")
    assert made == [("app", [verbs.bundle_folder("dira"), "mine_v0.1.0.zip"])]
    assert verified == ["mine_v0.1.0.zip"]
    assert "--app app --studies films --conf models dira,mine " in capsys.readouterr().out
    monkeypatch.undo()
    with pytest.raises(SystemExit, match="needs an archive, there is none at"):
        verbs.label(str(tmp_path), "some_v0.1.0.zip")
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(SystemExit, match="holds other files"):
        verbs.label(str(tmp_path), "dira")


def test_report_prints_writes_where_asked_and_says_why_not(monkeypatch, capsys):
    monkeypatch.setattr(verbs, "report_runs", Shown)
    words = {"columns": ["auc"], "baseline": "", "count": "images"}
    verbs.report("a.csv", "b.csv", columns="auc")
    assert capsys.readouterr().out == f"text {((('a.csv', 'b.csv'),), words)}\n"
    verbs.report("a.csv", columns=["auc"], form="markdown", output_dir="out")
    assert capsys.readouterr().out == f"markdown {((('a.csv',),), words)}\nwrote out/table.txt\n"
    monkeypatch.undo()
    with pytest.raises(SystemExit, match=r"got none in \['nowhere.csv'\]"):
        verbs.report("nowhere.csv")


@pytest.mark.parametrize(
    "file", sorted((verbs.BUNDLES.parent / "docs" / "evidence").glob("*.json")), ids=lambda f: f.stem
)
def test_studies_of_the_repository_name_only_what_there_is(file, tmp_path):
    words = json.loads(file.read_text())
    columns, notes, baseline = words.pop("columns"), words.pop("notes"), words.pop("baseline", None)
    plan, targets = words.pop("annotation", None), words.pop("targets", [])
    assert bool(targets) == bool(plan and Annotation(**plan))
    assert words.pop("count", "images") in {"images", "patients"}
    assert baseline is None or baseline in words["inits"]
    places = {"bundle": str(verbs.bundle_folder(words["bundle"])), "weights": str(tmp_path), "here": str(file.parent)}
    words["inits"] = dict.fromkeys(words["inits"], "scratch")
    made = study_of({**words, "bundle": places["bundle"]}, places)
    assert all(run.tuning in PROBES or made.overrides(run)["epochs"] for run in made.runs())
    assert columns
    assert all(isinstance(note, str) for note in notes)
    lists = [made.words[word] for word in ("train_list", "val_list") if word in made.words]
    assert all(read_listing(path) for path in lists)


def test_convert_hands_its_words_on_and_says_where(monkeypatch, capsys, tmp_path):
    calls = []
    monkeypatch.setattr(verbs, "bundle_folder", lambda name: tmp_path / name)
    monkeypatch.setattr(verbs, "convert_checkpoint", lambda file, **words: calls.append((file, words)) or "b.pt")
    verbs.convert("a.pth", "some_bundle", take="teacher")
    words = {"to": str(tmp_path / "some_bundle"), "output": "", "parts": "encoder_decoder", "take": "teacher"}
    assert calls == [("a.pth", words)]
    assert capsys.readouterr().out == "wrote b.pt\n"


def test_export_hands_its_words_on_and_says_where(monkeypatch, capsys):
    calls = []
    monkeypatch.setattr(verbs, "export_checkpoint", lambda *files, **words: calls.append((files, words)) or "b.pth")
    verbs.export("a.pt", "b.pth", form="resnet", in_channels=3)
    assert calls == [(("a.pt", "b.pth"), {"form": "resnet", "in_channels": 3})]
    assert capsys.readouterr().out == "wrote b.pth\n"


def test_pack_hands_its_words_on_and_says_where_or_why_not(monkeypatch, capsys, tmp_path):
    calls = []
    monkeypatch.setattr(verbs, "bundle_folder", lambda name: tmp_path / name)
    monkeypatch.setattr(verbs, "pack_bundle", lambda *places, **words: calls.append((places, words)) or "a.zip")
    verbs.pack("some_bundle", "out", layout="hub", url="https://localhost")
    words = {"layout": "hub", "changelog": "", "url": "https://localhost"}
    assert calls == [((tmp_path / "some_bundle", "out"), words)]
    assert capsys.readouterr().out == "wrote a.zip\n"
    monkeypatch.undo()
    with pytest.raises(SystemExit, match=r"--layout is one of \['zip', 'hub'\], got 'tar'"):
        verbs.pack("semantic_genesis", str(tmp_path), layout="tar")


def test_verify_says_what_an_archive_is_or_why_it_is_refused(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(verbs, "verify_archive", lambda file, sha256: {"name": file, "published": sha256 == "number"})
    verbs.verify("a.zip", sha256="number")
    verbs.verify("a.zip")
    assert capsys.readouterr().out == (
        "as published\nname: a.zip\nwhole, but nothing published to compare it with\nname: a.zip\n"
    )
    monkeypatch.undo()
    with pytest.raises(SystemExit, match="needs an archive, there is none at"):
        verbs.verify(str(tmp_path / "a.zip"))


def test_check_prints_what_it_found_and_fails_on_problems(monkeypatch, capsys, tmp_path):
    calls = []
    found = Findings(problems=["a"])
    monkeypatch.setattr(verbs, "bundle_folder", lambda name: tmp_path / name)
    monkeypatch.setattr(verbs, "check_bundle", lambda *args, **words: calls.append((args, words)) or found)
    with pytest.raises(SystemExit, match="1"):
        verbs.check("some", "pretrain", "demo", epochs=3)
    found.problems.clear()
    verbs.check("some", trust=True)
    first, second = {"words": {"epochs": 3}, "trust": False}, {"words": {}, "trust": True}
    assert calls == [((tmp_path / "some", ("pretrain", "demo")), first), ((tmp_path / "some", ()), second)]
    assert capsys.readouterr().out == "problems:\n  a\n1 problem found.\nno problem found.\n"


def test_plan_prints_or_says_why_not(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(verbs, "bundle_folder", lambda name: tmp_path / name)
    monkeypatch.setattr(verbs, "plan_run", lambda *args, **words: f"{args} {words}")
    verbs.plan("some", "images", config="train", batch_size=2)
    words = {"config": "train", "words": {"batch_size": 2}}
    assert capsys.readouterr().out == f"{(tmp_path / 'some', 'images')} {words}\n"

    def refuse(*args, **words):
        raise ValueError("no images")

    monkeypatch.setattr(verbs, "plan_run", refuse)
    with pytest.raises(SystemExit, match="no images"):
        verbs.plan("some", "images")


def test_help_names_every_verb():
    answer = subprocess.run([sys.executable, "-m", "medssl", "--help"], capture_output=True, text=True, check=False)
    shown = answer.stdout + answer.stderr
    assert all(
        verb in shown
        for verb in ["benchmark", "check", "convert", "export", "pack", "plan", "report", "samples", "study", "verify"]
    )
