"""Reports of studies and of tables."""

import json
import re

import pytest
from monai.bundle import run as run_config

from medssl.data import read_rows, write_rows
from medssl.study import Report, report_runs, report_study, run_study, running
from tests.sources import ROOT
from tests.study.rows import study_rows

SCORES = {("scratch", 0.1): [0.2, 0.4], ("scratch", 1): [0.6, 0.8], ("ours", 0.1): [0.5, 0.6], ("ours", 1): [0.7, 0.9]}
ROW = {"mean": "0.5", "images": "4", "minutes": "1", **dict.fromkeys(("configs", "torch", "monai", "hardware"), "same")}


@pytest.fixture
def config(bundle, monkeypatch, tmp_path):
    """File of a study whose runs take no time and score more with the second start."""

    def finetune(study, run, *, folder):
        return {**ROW, "mean": f"{0.5 + 0.01 * run.seed + 0.1 * (run.init == 'ours') * (1 + run.seed)}"}

    monkeypatch.setattr(running, "finetune", finetune)
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "a.pt").write_bytes(b"")
    words = {"bundle": "none", "inits": {"scratch": "scratch", "ours": "{weights}/a.pt"}, "seeds": [0, 1, 2]}
    words |= {"output": str(tmp_path / "out"), "notes": ["Shows nothing."], "train_list": "{here}/a.csv"}
    (tmp_path / "study.json").write_text(json.dumps(words))
    return tmp_path / "study.json"


def test_text_has_the_table_then_the_comparisons_then_what_they_are():
    parts = Report(study_rows(SCORES), ["mean"], notes=["One.", "Two."]).text().split("\n\n")
    assert [part.splitlines()[0].split()[0] for part in parts] == ["init", "mean,", "init", "Pairs", "One."]
    assert "Holm over 2 comparisons" in parts[3]
    assert "With 2 pairs the signed-rank p is at least 0.5: it cannot fall below 0.05." in parts[3]
    assert "are left out" not in parts[3]


def test_ten_pairs_can_be_enough_and_lost_ones_are_said():
    rows = study_rows({("scratch", 1): range(10), ("ours", 1): range(1, 12), ("ours", 0.5): [1, 2]})
    text = Report(rows, ["mean"]).text()
    assert "With 10 pairs the signed-rank p is at least 0.00195, after Holm over 1 at least 0.00195." in text
    assert "3 runs have no partner of scratch and are left out." in text


def test_single_runs_and_no_runs_are_not_compared(caplog):
    single = Report(study_rows({("scratch", 1): [0.1], ("ours", 1): [0.2]}), ["mean"], notes=["One."])
    assert single.text().split("\n\n")[1:] == ["One."]
    assert Report([], ["mean"]).text() == "no run is finished."
    assert Report(study_rows(SCORES), ["mean"], baseline="none").comparisons == []
    assert "no finished run of the baseline 'none' has 'mean'" in caplog.text


@pytest.mark.parametrize(("baseline", "said"), [("scratch", "baseline 'scratch'"), ("", "study")], ids=["named", "any"])
def test_runs_without_a_score_are_not_compared(caplog, baseline, said):
    rows = study_rows({("scratch", 1): ["nan", ""], ("ours", 1): [0.2, 0.3] if baseline else ["", "nan"]})
    report = Report(rows, ["mean"], baseline=baseline)
    assert report.comparisons == []
    assert len(report.text().split("\n\n")) == 1
    assert f"no finished run of the {said} has 'mean', so nothing is compared." in caplog.text


def test_everything_is_written_a_figure_of_each_kind_a_tuning(tmp_path):
    rows = study_rows(SCORES) + study_rows(SCORES, tuning="linear")
    names = ["table.txt", "comparisons.csv", "bars_full.png", "curve_full.png", "bars_linear.png", "curve_linear.png"]
    written = Report(rows, ["mean"], baseline="scratch").write(tmp_path / "new")
    assert [path.name for path in written] == names
    assert [row["tuning"] for row in read_rows(tmp_path / "new" / "comparisons.csv")] == ["full"] * 2 + ["linear"] * 2
    again = Report(study_rows(SCORES), ["mean"]).write(tmp_path / "one")
    assert [path.name for path in again] == ["table.txt", "comparisons.csv", "bars.png", "curve.png"]
    assert Report([], ["mean"]).write(tmp_path / "none") == []


@pytest.mark.parametrize("images", ["4", ""], ids=["counted", "not-counted"])
def test_figures_get_all_scores_and_the_adjusted_p(tmp_path, monkeypatch, images):
    drawn = []
    for name in ("draw_score_bars", "draw_label_curves"):
        monkeypatch.setattr(f"medssl.study.reports.{name}", lambda scores, path, **words: drawn.append((scores, words)))
    report = Report([{**row, "images": images} for row in study_rows({**SCORES})], ["mean"])
    report.draw("full", tmp_path, ending="")
    (bars, words), (curves, others) = drawn
    groups = [
        f"4 labelled images\n({share} % of the labels)" if images else f"{share} % of the labels" for share in (10, 100)
    ]
    assert [*bars] == [*words["p_values"]] == groups
    assert bars[groups[0]] == {"scratch": [0.2, 0.4], "ours": [0.5, 0.6]}
    assert words["p_values"][groups[0]] == {"ours": report.comparisons[0].holm_t}
    assert others["xlabel"] == ("labelled images" if images else "share of the labels")
    if not images:
        assert curves["scratch"] == {0.1: [0.2, 0.4], 1: [0.6, 0.8]}


def test_tables_are_joined_and_the_first_score_is_taken(tmp_path):
    first = write_rows(tmp_path / "a.csv", study_rows({("scratch", 1): [0.1, 0.2]}, column="val_auc"))
    second = write_rows(tmp_path / "b.csv", study_rows({("ours", 1): [0.3, 0.5]}, column="val_auc"))
    report = report_runs([first, second], baseline="scratch")
    assert report.columns == ["val_auc"]
    assert report.comparisons[0].differences == pytest.approx([0.2, 0.3])
    with pytest.raises(ValueError, match=r"got none in \['.*c\.csv'\]"):
        report_runs([first, tmp_path / "c.csv"])


def test_a_copy_of_a_table_changes_nothing(tmp_path):
    files = [write_rows(tmp_path / name, study_rows(SCORES)) for name in ("a.csv", "copy.csv")]
    assert report_runs(files).text() == report_runs(files[:1]).text()
    other = write_rows(tmp_path / "other.csv", study_rows(SCORES, settings="others"))
    with pytest.raises(ValueError, match="two runs of other settings"):
        report_runs([files[0], other])


def test_a_study_fills_in_the_places_and_writes_its_report(config, bundle, tmp_path, monkeypatch):
    studies = []
    monkeypatch.setattr("medssl.study.reports.run_study", lambda study: studies.append(study) or run_study(study))
    report = report_study(config, bundle=str(bundle), weights=str(tmp_path / "weights"), dataset_dir="mine")
    assert studies[0].inits == {"scratch": "scratch", "ours": f"{tmp_path}/weights/a.pt"}
    assert studies[0].words == {"train_list": f"{tmp_path}/a.csv", "dataset_dir": "mine"}
    assert report.comparisons[0].differences == pytest.approx([0.1, 0.2, 0.3])
    assert report.text().endswith("\n\nShows nothing.")
    names = {path.name for path in (tmp_path / "out").iterdir() if path.is_file()}
    assert {"runs.csv", "table.txt", "comparisons.csv", "bars.png", "curve.png"} <= names
    assert (tmp_path / "out" / "table.txt").read_text() == f"{report.text()}\n"
    assert report_runs([tmp_path / "out" / "runs.csv"]).comparisons == report.comparisons


def test_monai_runs_the_config_of_the_page(config, bundle, tmp_path, capsys):
    page = (ROOT / "docs" / "studies.md").read_text()
    (tmp_path / "run_study.json").write_text(re.search(r"```json\n(\{\n +\"study\".*?)```", page, flags=re.DOTALL)[1])
    words = {"study": str(config), "bundle": str(bundle), "weights": str(tmp_path / "weights")}
    run_config(config_file=str(tmp_path / "run_study.json"), **words)
    assert "ours     3      0.710 ± 0.110" in capsys.readouterr().out
    assert len(read_rows(tmp_path / "out" / "runs.csv")) == 6
