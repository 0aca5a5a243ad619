"""Areas by class."""

import numpy as np
import pytest
import torch
from ignite.engine import Engine
from monai.handlers import from_engine

from medssl.handlers import NamedMetrics
from medssl.metrics import ClassAUC

SCORES = torch.tensor([[0.1, 0.9, 0.5], [0.4, 0.6, 0.5], [0.35, 0.65, 0.2], [0.8, 0.2, 0.9]])
ONE_OF = torch.eye(3)[[1, 1, 0, 0]]
ANY_OF = torch.tensor([[1.0, 1, 0], [0, 1, 0], [1, 0, 0], [1, 1, 0]])


def by_definition(scores, labels):
    """Share of pairs of cases with and without a class that stand in the right order."""
    pairs = [(a, b) for a, x in zip(scores, labels, strict=True) for b, y in zip(scores, labels, strict=True) if x > y]
    return float(np.mean([float(a > b) + 0.5 * float(a == b) for a, b in pairs])) if pairs else float("nan")


def areas(labels, average):
    def step(engine, rows):
        return [{"pred": SCORES[i], "label": labels[i]} for i in rows]

    engine = Engine(step)
    ClassAUC(average, output_transform=from_engine(["pred", "label"])).attach(engine, "auc")
    if average == "none":
        NamedMetrics("auc", ["a", "b", "c"]).attach(engine)
    return engine.run([[0, 1], [2], [3]], max_epochs=2).metrics


@pytest.mark.parametrize("labels", [ONE_OF, ANY_OF], ids=["one-of-several", "any-of-several"])
def test_each_class_by_definition_and_a_missing_one_is_left_out(labels, caplog):
    caplog.set_level("INFO", "medssl")
    expected = [by_definition(SCORES[:, k].tolist(), labels[:, k].tolist()) for k in range(3)]
    assert np.isnan(expected[2])
    assert areas(labels, "none") == pytest.approx({"auc_a": expected[0], "auc_b": expected[1]})
    assert [record.getMessage() for record in caplog.records] == ["no cases to measure auc_c by; left out."]
    assert areas(labels, "macro") == {"auc": pytest.approx(np.mean(expected[:2]))}


def test_no_class_that_can_be_measured_is_no_number():
    assert np.isnan(areas(torch.zeros(4, 3), "macro")["auc"])


def test_one_score_a_case_is_one_class():
    metric = ClassAUC("none", output_transform=lambda output: output)
    metric.update(([torch.tensor([0.2]), torch.tensor([0.7])], [torch.tensor([0.0]), torch.tensor([1.0])]))
    assert metric.compute().tolist() == [1.0]


def test_another_average_is_refused():
    with pytest.raises(ValueError, match="'macro' or 'none', got 'micro'"):
        ClassAUC("micro", output_transform=len)
