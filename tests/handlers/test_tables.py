"""One row a case."""

import csv
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from ignite.engine import Engine

from medssl.handlers import FeatureTable, MetricTable, PredictionTable


def case(name):
    return {"image": SimpleNamespace(meta={"filename_or_obj": f"/somewhere/{name}.nii.gz"})}


MAP = {"pred": np.ones((2, 1, 1, 1))}
TABLES = {
    "metric": lambda folder: MetricTable(folder / "t.csv", "dice", columns=["liver"], root="/somewhere"),
    "prediction": lambda folder: PredictionTable(folder / "t.csv", ["without", "with"], root="/somewhere"),
}


def run(handler, outputs, details=None):
    def step(engine, batch):
        engine.state.batch = [case(batch)]
        engine.state.metric_details = details
        return [outputs[batch]]

    engine = Engine(step)
    handler.attach(engine)
    engine.run(list(outputs), max_epochs=1)


def rows(path):
    with path.open(newline="") as file:
        return list(csv.reader(file))


def test_metrics_by_case_and_their_means(tmp_path):
    details = {"dice": torch.tensor([[0.5, 1.0], [float("nan"), 0.5]])}
    run(MetricTable(tmp_path / "dice.csv", "dice", columns=["liver", "heart"]), {"a": 0, "b": 0}, details)
    assert rows(tmp_path / "dice.csv") == [
        ["case", "liver", "heart", "mean"],
        ["a", "0.5000", "1.0000", "0.7500"],
        ["b", "nan", "0.5000", "0.5000"],
        ["mean", "0.5000", "0.7500", "0.6250"],
    ]


def test_columns_must_fit_the_metric(tmp_path):
    with pytest.raises(ValueError, match="has 2 columns"):
        run(MetricTable(tmp_path / "dice.csv", "dice", columns=["liver"]), {"a": 0}, {"dice": torch.ones(1, 2)})


def test_probabilities_by_case(tmp_path):
    outputs = {"a": {"pred": torch.tensor([0.25, 0.75]), "label": torch.tensor([1, 0])}}
    run(PredictionTable(tmp_path / "p.csv", ["without", "with"]), outputs)
    assert rows(tmp_path / "p.csv") == [["case", "class", "without", "with"], ["a", "without", "0.2500", "0.7500"]]


def test_any_number_of_true_classes_has_a_column_each(tmp_path):
    outputs = {"a": {"pred": torch.tensor([0.25, 0.75]), "label": torch.tensor([1.0, 1])}}
    run(PredictionTable(tmp_path / "p.csv", ["edema", "mass"], multi_label=True), outputs)
    assert rows(tmp_path / "p.csv") == [
        ["case", "true_edema", "true_mass", "edema", "mass"],
        ["a", "1", "1", "0.2500", "0.7500"],
    ]


def test_vectors_in_one_file_maps_in_one_each(tmp_path):
    run(
        FeatureTable(tmp_path),
        {"a": {"pred": np.ones(3)}, "b": {"pred": np.zeros(3)}, "c": {"pred": np.ones((2, 1, 1, 1))}},
    )
    table = np.load(tmp_path / "features.npz")
    assert table["names"].tolist() == ["a", "b"]
    assert table["vectors"].tolist() == [[1, 1, 1], [0, 0, 0]]
    assert np.load(tmp_path / "c.npy").shape == (2, 1, 1, 1)


def test_maps_go_where_their_images_lie(tmp_path):
    run(FeatureTable(tmp_path, root="/somewhere"), {"p01/ct": MAP, "p02/ct": MAP})
    assert sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.npy")) == [
        "p01/ct.npy",
        "p02/ct.npy",
    ]


@pytest.mark.parametrize("kind", TABLES)
def test_rows_are_told_apart_by_folders(tmp_path, kind):
    output = {"pred": torch.tensor([0.25, 0.75]), "label": torch.tensor([1, 0])}
    run(TABLES[kind](tmp_path), {"p01/ct": output, "p02/ct": output}, {"dice": torch.ones(2, 1)})
    assert [row[0] for row in rows(tmp_path / "t.csv")][1:3] == ["p01/ct", "p02/ct"]


def test_vectors_survive_an_error_which_is_passed_on(tmp_path):
    with pytest.raises(KeyError, match="pred"):
        run(FeatureTable(tmp_path / "new" / "folder"), {"a": {"pred": np.ones(3)}, "b": {}})
    assert np.load(tmp_path / "new" / "folder" / "features.npz")["names"].tolist() == ["a"]
    assert len(list((tmp_path / "new" / "folder").iterdir())) == 1
