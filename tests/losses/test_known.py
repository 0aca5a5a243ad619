"""Losses over what is known."""

import math

import pytest
import torch
from torch.nn.functional import cross_entropy, mse_loss

from medssl.losses import KnownCrossEntropy, KnownMSE

ANSWERS = torch.rand(3, 2, 4, 5, generator=torch.Generator().manual_seed(0))


def test_squares_by_hand():
    answers, targets = torch.tensor([[1.0, 5.0], [2.0, 7.0]]), torch.tensor([[0.0, math.nan], [4.0, 7.0]])
    assert KnownMSE()(answers, targets).item() == pytest.approx((1 + 4 + 0) / 3)


def test_all_known_is_the_ordinary_mean():
    targets = ANSWERS.roll(1, 0)
    torch.testing.assert_close(KnownMSE()(ANSWERS, targets), mse_loss(ANSWERS, targets))


def test_unknown_channels_neither_count_nor_learn():
    answers, targets = ANSWERS.clone().requires_grad_(), ANSWERS.roll(1, 0)
    targets[0, 1] = targets[2] = math.nan
    loss = KnownMSE()(answers, targets)
    loss.backward()
    kept = [ANSWERS[0, 0], ANSWERS[1, 0], ANSWERS[1, 1]]
    wanted = [targets[0, 0], targets[1, 0], targets[1, 1]]
    assert loss.item() == pytest.approx(mse_loss(torch.stack(kept), torch.stack(wanted)).item())
    assert not answers.grad[2].any()
    assert not answers.grad[0, 1].any()
    assert answers.grad[1].all()


def test_entropy_is_torchs_over_the_known():
    logits = ANSWERS.movedim(1, -1).reshape(3, 5, 8)
    targets = torch.arange(24).reshape(3, 8) % 5
    targets[1, 2:] = -100
    torch.testing.assert_close(KnownCrossEntropy()(logits, targets), cross_entropy(logits, targets))


@pytest.mark.parametrize(
    ("loss", "targets"),
    [
        pytest.param(KnownMSE(), torch.full((3, 2, 4, 5), math.nan), id="squares"),
        pytest.param(KnownCrossEntropy(), torch.full((3, 4, 5), -100), id="entropy"),
    ],
)
def test_nothing_known_is_0_with_a_gradient(loss, targets):
    answers = ANSWERS.clone().requires_grad_()
    value = loss(answers, targets)
    value.backward()
    assert value.item() == 0
    assert answers.grad is not None
    assert not answers.grad.any()
