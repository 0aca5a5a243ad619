"""What a simulated annotation found."""

import json
import re

import pytest

from medssl.study import AnnotationReport, annotation_report


def rows(scores):
    """One row a score of {(init, strategy): [[scores by number of images], a seed each]}."""
    return [
        {"init": init, "strategy": strategy, "seed": str(seed), "images": str(count), "lungs": str(score)}
        for (init, strategy), seeds in scores.items()
        for seed, values in enumerate(seeds)
        for count, score in enumerate(values, 1)
    ]


ROWS = rows(
    {
        ("scratch", "random"): [[0.5, 0.6, 0.7, 0.8], [0.5, 0.6, 0.7, 0.8]],
        ("scratch", "farthest"): [[0.5, 0.8, 0.8, 0.9], [0.7, 0.9, 0.9, 0.9]],
    }
)


def test_labels_to_a_score_are_read_off_the_mean():
    text = AnnotationReport(ROWS, "lungs", targets=[0.6, 0.75, 0.9], notes=["two seeds"]).text()
    head, first, second, empty, note = text.split("\n")
    assert head.split()[:3] == ["init", "strategy", "seeds"]
    assert first.split()[:4] == ["scratch", "random", "2", "0.500"]
    assert re.split(r"  +", first)[-3:] == ["2.0", "3.5", "more than 4"]  # 3 (4 / 3) ** 0.5 is 3.46
    assert re.split(r"  +", second)[-3:] == ["at most 1", "1.5", "4.0"]  # 0.6 is there at once, 2 ** 0.6 is 1.52
    assert (empty, note) == ("", "two seeds")


def test_unfinished_rounds_and_no_rows_at_all():
    assert "none" in AnnotationReport(ROWS[:-1] + rows({("ours", "random"): [[0.5]]}), "lungs", targets=[0.9]).text()
    assert AnnotationReport([], "lungs", targets=[0.9]).text() == "no training is finished."


def test_a_figure_for_each_initialisation(tmp_path):
    made = AnnotationReport(ROWS + rows({("ours", "random"): [[0.5, 0.9]]}), "lungs", targets=[0.9])
    assert [file.name for file in made.write(tmp_path)] == [
        "annotation.txt",
        "annotation_scratch.png",
        "annotation_ours.png",
    ]
    assert made.curves["scratch"]["farthest"][2.0] == [0.8, 0.9]


def test_words_of_the_file_reach_study_plan_and_report(bundle, tmp_path, monkeypatch):
    calls = []
    monkeypatch.setattr(annotation_report, "run_annotation", lambda study, plan: calls.append((study, plan)) or ROWS)
    words = {"bundle": "other", "inits": {"scratch": "scratch"}, "output": "{here}/out", "part": "all"}
    shown = {"columns": ["lungs"], "targets": [0.9], "notes": ["n"], "annotation": {"rounds": 3}}
    (tmp_path / "a.json").write_text(json.dumps({**words, **shown}))
    made = annotation_report.report_annotation(tmp_path / "a.json", bundle=str(bundle), dataset_dir="mine")
    ((study, plan),) = calls
    assert (study.bundle, study.output, plan.rounds) == (bundle, tmp_path / "out", 3)
    assert study.words == {"part": "all", "dataset_dir": "mine"}
    assert (made.column, made.targets, made.notes) == ("lungs", [0.9], ["n"])
    assert (tmp_path / "out" / "annotation.txt").read_text() == f"{made.text()}\n"


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_forms(form):
    text = AnnotationReport(ROWS, "lungs", targets=[0.9]).text(form)
    assert text.startswith("| init | strategy |" if form == "markdown" else "init ")
