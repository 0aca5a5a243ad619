"""Cross-entropy with soft targets."""

import math

import pytest
import torch

from medssl.losses import SoftCrossEntropy


@pytest.mark.parametrize(("logits", "target", "expected"), [
    pytest.param([0.0, 0.0], [1.0, 0.0], math.log(2), id="undecided"),
    pytest.param([0.0, 0.1 * math.log(3)], [0.0, 1.0], math.log(4 / 3), id="mostly-right"),
    pytest.param([0.0, 0.1 * math.log(3)], [0.5, 0.5], 0.5 * (math.log(4) + math.log(4 / 3)), id="soft"),
])  # fmt: skip
def test_value_by_hand(logits, target, expected):
    loss = SoftCrossEntropy(0.1)(torch.tensor([[logits]]), torch.tensor([[target]]))
    assert loss.item() == pytest.approx(expected, rel=1e-5)


def test_least_where_both_say_the_same():
    target = torch.tensor([0.2, 0.3, 0.5])
    same = SoftCrossEntropy(1.0)(target.log(), target)
    assert same.item() == pytest.approx(-(target * target.log()).sum().item())
    assert SoftCrossEntropy(1.0)(target.log() + torch.tensor([0.1, 0.0, 0.0]), target) > same


def test_mean_over_all_but_the_last_axis():
    logits, target = torch.rand(2, 3, 4, 5), torch.rand(2, 3, 4, 5).softmax(dim=-1)
    each = [SoftCrossEntropy()(a, b) for a, b in zip(logits.flatten(0, 2), target.flatten(0, 2), strict=True)]
    assert SoftCrossEntropy()(logits, target).item() == pytest.approx(torch.stack(each).mean().item(), rel=1e-5)


def test_temperature_above_zero():
    with pytest.raises(ValueError, match="temperature above 0, got 0"):
        SoftCrossEntropy(0)
