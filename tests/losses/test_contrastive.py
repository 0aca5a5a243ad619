"""Values of the contrastive losses, worked out by hand."""

import math

import pytest
import torch

from medssl.losses import InfoNCE, NegativeCosine

AXIS = torch.eye(4)


@pytest.mark.parametrize(
    ("query", "key", "queue", "expected"),
    [
        pytest.param(AXIS[:1], AXIS[:1], AXIS[:, 1:], math.log(1 + 3 / math.e), id="match"),
        pytest.param(AXIS[:1], AXIS[:1], AXIS[:, :1], math.log(2), id="decoy-as-good"),
        pytest.param(AXIS[:1], AXIS[1:2], AXIS[:, :1], math.log(1 + math.e), id="decoy-better"),
        pytest.param(5 * AXIS[:1], 3 * AXIS[:1], AXIS[:, 1:], math.log(1 + 3 / math.e), id="length-does-not-matter"),
    ],
)
def test_value_by_hand(query, key, queue, expected):
    assert InfoNCE(temperature=1.0)(query, key, queue).item() == pytest.approx(expected, rel=1e-5)


def test_temperature_sharpens():
    query, key = AXIS[:1], AXIS[:1]
    assert InfoNCE(0.5)(query, key, AXIS[:, 1:]).item() == pytest.approx(math.log(1 + 3 * math.exp(-2)), rel=1e-5)


def test_mean_over_the_batch():
    value = InfoNCE(1.0)(AXIS[:2], AXIS[:2], AXIS[:, 2:3])
    assert value.item() == pytest.approx(math.log(1 + 1 / math.e), rel=1e-5)


def test_a_temperature_of_nothing_is_refused():
    with pytest.raises(ValueError, match="temperature above 0, got 0"):
        InfoNCE(0)


@pytest.mark.parametrize(
    ("prediction", "target", "expected"),
    [
        pytest.param(AXIS[:1], 7 * AXIS[:1], -1, id="agree"),
        pytest.param(AXIS[:1], -AXIS[:1], 1, id="opposed"),
        pytest.param(AXIS[:1], AXIS[1:2], 0, id="square"),
        pytest.param(AXIS[:2], AXIS[[0, 2]], -0.5, id="mean"),
    ],
)
def test_negative_cosine(prediction, target, expected):
    assert NegativeCosine()(prediction, target).item() == pytest.approx(expected)
