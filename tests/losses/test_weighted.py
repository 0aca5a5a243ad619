import math

import pytest
import torch

from medssl.losses import WeightedLoss

LOSSES = {"volume": torch.nn.MSELoss(), "pattern": torch.nn.CrossEntropyLoss()}
TARGETS = {"volume": torch.zeros(1, 2), "pattern": torch.tensor([1])}
PREDICTIONS = {"volume": torch.tensor([[1.0, 3.0]]), "pattern": torch.zeros(1, 4)}


def test_value_by_hand():
    loss = WeightedLoss(LOSSES, {"volume": 1.0, "pattern": 0.01})
    assert loss(PREDICTIONS, TARGETS).item() == pytest.approx(5 + 0.01 * math.log(4))
    assert {key: part.item() for key, part in loss.parts.items()} == pytest.approx(
        {"volume": 5, "pattern": math.log(4)}
    )


def test_parts_are_detached_and_the_sum_is_not():
    prediction = torch.ones(1, 2, requires_grad=True)
    loss = WeightedLoss({"volume": LOSSES["volume"]}, {"volume": 3.0})
    loss({"volume": prediction}, TARGETS).backward()
    assert prediction.grad.tolist() == [[3.0, 3.0]]
    assert not loss.parts["volume"].requires_grad


def test_weight_zero_takes_the_term_out():
    loss = WeightedLoss(LOSSES, {"volume": 1.0, "pattern": 0.0})
    assert loss({"volume": PREDICTIONS["volume"]}, TARGETS).item() == 5
    assert list(loss.parts) == ["volume"]


def test_a_tuple_brings_all_that_its_loss_takes():
    loss = WeightedLoss({"alike": torch.nn.CosineEmbeddingLoss()}, {"alike": 2.0})
    opposed = (torch.tensor([[1.0, 0.0]]), torch.tensor([[-1.0, 0.0]]), torch.tensor([1.0]))
    assert loss({"alike": opposed}, {}).item() == 4


def test_perfect_restoration_costs_nothing():
    loss = WeightedLoss({"volume": LOSSES["volume"]}, {"volume": 1.0})
    assert loss(TARGETS, TARGETS).item() == 0


def test_tensors_of_a_term_move_along():
    weighted = WeightedLoss({"pattern": torch.nn.CrossEntropyLoss(weight=torch.ones(4))}, {"pattern": 1.0})
    assert weighted.to(torch.float64).losses["pattern"].weight.dtype == torch.float64


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        pytest.param({"volume": 1.0}, "'pattern', 'volume'.*weights .'volume'.", id="weight-missing"),
        pytest.param({"volume": 1.0, "pattern": -1.0}, "weights >= 0", id="negative"),
        pytest.param({"volume": 0.0, "pattern": 0.0}, "at least one above", id="nothing-left"),
    ],
)
def test_door(weights, message):
    with pytest.raises(ValueError, match=message):
        WeightedLoss(LOSSES, weights)


def test_missing_key_is_named_with_what_came():
    loss = WeightedLoss(LOSSES, {"volume": 1.0, "pattern": 1.0})
    with pytest.raises(
        ValueError, match=r"for \['pattern'\], got predictions \['volume'\] and targets \['pattern', 'vol"
    ):
        loss({"volume": PREDICTIONS["volume"]}, TARGETS)
