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


def test_vectors_in_one_file_maps_in_one_each(tmp_path):
    run(
        FeatureTable(tmp_path),
        {"a": {"pred": np.ones(3)}, "b": {"pred": np.zeros(3)}, "c": {"pred": np.ones((2, 1, 1, 1))}},
    )
    table = np.load(tmp_path / "features.npz")
    assert table["names"].tolist() == ["a", "b"]
    assert table["vectors"].tolist() == [[1, 1, 1], [0, 0, 0]]
    assert np.load(tmp_path / "c.npy").shape == (2, 1, 1, 1)
