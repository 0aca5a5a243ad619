"""Files of a finished run."""

import json

from medssl.study.results import run_facts, run_metrics, sizes


def test_the_last_row_of_a_table_is_its_mean(tmp_path):
    (tmp_path / "dice.csv").write_text("case,liver,mean\na,0.5,0.5\nmean,0.25,0.75\n")
    assert run_metrics(tmp_path) == {"liver": "0.25", "mean": "0.75"}


def test_without_a_table_the_record_has_the_metrics(tmp_path):
    (tmp_path / "run.json").write_text(json.dumps({"metrics": {"val_auc": 0.98765, "val_accuracy": 1, "curve": [1]}}))
    assert run_metrics(tmp_path) == {"val_auc": "0.9877", "val_accuracy": "1.0000"}


def test_facts_of_a_training(tmp_path):
    record = {
        "settings": {"data": "0123456789abcdef"},
        "epoch": 3,
        "iteration": 9,
        "hardware": "cpu",
        "versions": {"torch": "2", "monai": "1", "numpy": "0"},
    }
    (tmp_path / "run.json").write_text(json.dumps(record))
    facts = {"epochs": 3, "iterations": 9, "hardware": "cpu", "torch": "2", "monai": "1", "data": "0123456789ab"}
    assert run_facts(tmp_path) == facts


def test_images_and_patients_are_counted():
    cases = [{"image": "a", "patient": "p"}, {"image": "b", "patient": "p"}, {"image": "c", "patient": "q"}]
    assert sizes(cases) == {"images": 3, "patients": 2}
    assert sizes([{"image": "a"}, {"image": "b"}]) == {"images": 2, "patients": 2}
