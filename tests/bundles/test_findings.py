"""Bundles for pictures with findings: any number of them in one picture, and where they are."""

import csv
import json
from pathlib import Path

import pytest
from monai.bundle import ConfigParser

from tests.bundles.running import run


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def trained(bundle, tmp_path_factory):
    """Train a classifier of any number of findings on a list that gives them as zeros and ones."""
    if "multi_label" not in ConfigParser.load_config_file(bundle / "configs/classify.json"):
        pytest.skip("this bundle has one class a case")
    where = tmp_path_factory.mktemp("findings")
    run(bundle, "classify+demo", epochs=1, pretrained="scratch", output_dir=str(where), models_dir=str(where))
    sample = bundle / "eval/demo/sample"
    listed = json.loads((sample / "dataset.json").read_text())["cases"]
    cases = [
        {
            "image": str(sample / case["image"]),
            "patient": case["patient"],
            "class": [int(bool(case.get("boxes"))), number % 2, int(number in (0, 3))],
        }
        for number, case in enumerate(listed)
    ]
    (where / "dataset.json").write_text(json.dumps({"cases": cases}))
    return where


def test_any_number_of_findings(bundle, trained, tmp_path):
    words = {"dataset_dir": str(trained), "class_names": ["nodule", "odd", "rare"], "multi_label": True, "epochs": 1}
    where = {"output_dir": str(tmp_path), "models_dir": str(tmp_path)}
    run(bundle, "classify", pretrained="scratch", **words, **where)
    run(bundle, "classify+evaluate_classify", **words, **where)
    table = rows(tmp_path / "classes.csv")
    assert {"true_nodule", "true_odd", "true_rare", "nodule", "odd", "rare"} <= table[0].keys()
    assert all(0 <= float(row[name]) <= 1 for row in table for name in ("nodule", "odd", "rare"))


def test_findings_are_located_and_drawn(bundle, trained, tmp_path):
    run(bundle, "localise+demo", "infer", models_dir=str(trained), output_dir=str(tmp_path))
    table = rows(tmp_path / "boxes.csv")
    names = [row[next(iter(row))] for row in table]
    assert any("accuracy" in name for name in names)
    assert len(list((tmp_path / "heat_maps").glob("**/*.png"))) > 0
    metrics = json.loads((tmp_path / "run.json").read_text())["metrics"]
    assert 0 <= metrics["pointing_rate"] <= 1
