"""Metrics with names."""

import pytest
import torch
from ignite.engine import Engine

from medssl.handlers import NamedMetrics


def evaluate(values, names):
    engine = Engine(lambda e, b: None)
    engine.state.metrics = {"mean": 0.5, "dice": values}
    NamedMetrics("dice", names).attach(engine)
    engine.run([0])
    return engine.state.metrics


def test_every_value_gets_its_name_and_gaps_are_left_out():
    metrics = evaluate(torch.tensor([0.25, float("nan"), 1.0]), ["liver", "spleen", "heart"])
    assert metrics == {"mean": 0.5, "dice_liver": 0.25, "dice_heart": 1.0}


def test_another_number_of_names_is_refused():
    with pytest.raises(ValueError, match="each of 1 values"):
        evaluate(torch.tensor([0.25]), ["liver", "spleen"])
