"""The verbs of ``python -m medssl``."""

import json
import subprocess
import sys

import pytest

from medssl import __main__ as verbs


def test_a_bundle_is_a_folder_or_a_name():
    folder = verbs.bundle_folder("semantic_genesis")
    assert verbs.bundle_folder(str(folder)) == folder
    assert "semantic_genesis" in verbs.known_bundles()


def test_an_unknown_bundle_is_named_beside_the_known():
    with pytest.raises(SystemExit, match=r"no bundle at 'nothing'.*semantic_genesis"):
        verbs.bundle_folder("nothing")


def test_a_study_fills_in_the_bundle_and_prints_table_and_notes(tmp_path, monkeypatch, capsys):
    calls = []

    def run_study(**words):
        calls.append(words)
        return [{"init": "scratch", "mean": "0.5"}]

    monkeypatch.setattr(verbs, "run_study", run_study)
    config = {
        "bundle": "semantic_genesis",
        "inits": {"ours": "{bundle}/models/a.pt"},
        "output": "out",
        "notes": ["one seed"],
    }
    (tmp_path / "study.json").write_text(json.dumps(config))
    verbs.study(str(tmp_path / "study.json"))
    folder = verbs.bundle_folder("semantic_genesis")
    assert calls == [{"bundle": folder, "inits": {"ours": f"{folder}/models/a.pt"}, "output": "out"}]
    assert capsys.readouterr().out.split("\n")[-3:] == ["scratch  1      0.500", "one seed", ""]


def test_export_hands_its_words_on_and_says_where(monkeypatch, capsys):
    calls = []
    monkeypatch.setattr(verbs, "export_checkpoint", lambda *files, **words: calls.append((files, words)) or "b.pth")
    verbs.export("a.pt", "b.pth", form="resnet", in_channels=3)
    assert calls == [(("a.pt", "b.pth"), {"form": "resnet", "in_channels": 3})]
    assert capsys.readouterr().out == "wrote b.pth\n"


def test_help_names_every_verb():
    answer = subprocess.run([sys.executable, "-m", "medssl", "--help"], capture_output=True, text=True, check=False)
    shown = answer.stdout + answer.stderr
    assert all(verb in shown for verb in ("benchmark", "convert", "export", "samples", "study"))
