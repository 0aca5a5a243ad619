"""Weights left behind."""

import json

import pytest
import torch
from ignite.engine import Engine
from torch import nn

from medssl.handlers import BestWeights


@pytest.mark.parametrize(("half", "dtype"), [(True, torch.float16), (False, torch.float32)])
def test_only_better_validations_write_and_the_facts_lie_beside(tmp_path, half, dtype):
    network = nn.Linear(2, 1)
    evaluator = Engine(lambda e, b: None)
    evaluator.state.metrics, evaluator.state.best_metric_epoch = {"val_loss": 0.5}, 1
    handler = BestWeights(network, tmp_path / "a.pt", half=half, facts={"seed": 7})
    handler.attach(evaluator)
    evaluator.run([0])
    first = torch.load(tmp_path / "a.pt", weights_only=True)
    assert first["weight"].dtype is dtype
    facts = json.loads((tmp_path / "a.json").read_text())
    assert facts["seed"] == 7
    assert facts["metrics"] == {"val_loss": 0.5}
    with torch.no_grad():
        network.weight += 1
    evaluator.state.best_metric_epoch = 0
    evaluator.run([0])
    assert torch.equal(torch.load(tmp_path / "a.pt", weights_only=True)["weight"], first["weight"])


def test_the_last_validation_may_count_instead(tmp_path):
    network = nn.Linear(2, 1)
    evaluator = Engine(lambda e, b: None)
    evaluator.state.metrics, evaluator.state.best_metric_epoch = {"val_loss": 0.5}, 0
    BestWeights(network, tmp_path / "a.pt", keep="last").attach(evaluator)
    evaluator.run([0])
    assert torch.equal(torch.load(tmp_path / "a.pt", weights_only=True)["weight"], network.weight)


def test_there_is_no_third_way(tmp_path):
    with pytest.raises(ValueError, match="keep is 'best' or 'last', got 'worst'"):
        BestWeights(nn.Linear(2, 1), tmp_path / "a.pt", keep="worst")
