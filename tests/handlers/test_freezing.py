"""Encoder frozen at first."""

import pytest
import torch
from ignite.engine import Engine
from torch import nn

from medssl.handlers import FreezeEncoder


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Linear(1, 1)
        self.head = nn.Linear(1, 1)


def test_the_encoder_stands_still_for_the_given_epochs_and_then_learns():
    network, values = Network(), []
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)

    def step(engine, batch):
        optimizer.zero_grad()
        network.head(network.encoder(torch.ones(1, 1))).sum().backward()
        optimizer.step()
        values.append((network.encoder.weight.item(), network.head.weight.item()))

    engine = Engine(step)
    FreezeEncoder(network, optimizer, epochs=2).attach(engine)
    engine.run([0], max_epochs=4)
    encoder, head = zip(*values, strict=True)
    assert encoder[0] == encoder[1] != encoder[2] != encoder[3]
    assert len(set(head)) == 4


def test_a_network_without_an_encoder_is_refused():
    with pytest.raises(ValueError, match="encoder"):
        FreezeEncoder(nn.Linear(1, 1), torch.optim.SGD([torch.zeros(1)], lr=1), epochs=1)


def test_running_statistics_of_a_frozen_encoder_stand_still():
    network = nn.Sequential()
    network.encoder = nn.BatchNorm1d(1)
    optimizer = torch.optim.AdamW(network.encoder.parameters(), lr=0.1)
    means = []

    def step(engine, batch):
        network.train()
        network.encoder(torch.tensor([[1.0], [3.0]])).sum().backward()
        optimizer.step()
        means.append((network.encoder.running_mean.item(), network.encoder.weight.item()))

    engine = Engine(step)
    FreezeEncoder(network, optimizer, epochs=1).attach(engine)
    engine.run([0], max_epochs=2)
    assert means[0] == (0.0, 1.0)
    assert means[1][0] > 0
    assert means[1][1] != 1.0
