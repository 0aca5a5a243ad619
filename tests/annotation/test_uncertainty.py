"""Entropies of predictions with dropout."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from medssl.annotation import dropout_on, image_entropies, mean_entropy


def test_entropy_by_hand():
    sure, even = torch.tensor([50.0, -50.0]), torch.zeros(2)
    assert mean_entropy(even.view(1, 2, 1, 1)) == pytest.approx(math.log(2))
    assert mean_entropy(sure.view(1, 2, 1, 1)) == pytest.approx(0, abs=1e-6)
    split = torch.stack([sure, -sure]).view(2, 2, 1, 1)  # two sure predictions that contradict each other
    assert mean_entropy(split) == pytest.approx(math.log(2))
    half = torch.stack([sure, even], dim=-1).view(1, 2, 2)  # one place is sure, the other is not
    assert mean_entropy(half) == pytest.approx(math.log(2) / 2)


def test_only_dropout_is_at_work():
    network = dropout_on(nn.Sequential(nn.BatchNorm1d(2), nn.Dropout(0.5)).train())
    assert [layer.training for layer in network] == [False, True]
    with pytest.raises(ValueError, match="the network has 1 such layers"):
        dropout_on(nn.Sequential(nn.Dropout(0.0)))


def test_images_are_scored_in_their_order_and_always_alike(bundle, images):
    state = torch.random.get_rng_state()
    first, again = (image_entropies(bundle, images, words={}, dropout=0.5, simulations=3) for _ in range(2))
    assert torch.equal(state, torch.random.get_rng_state())
    assert first.shape == (3,)
    assert len(set(first)) == 3
    with pytest.raises(ValueError, match="needs a dropout above 0"):
        image_entropies(bundle, images, words={}, dropout=0.0)
    assert np.isfinite(again).all()
