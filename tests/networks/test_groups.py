"""Two learning rates."""

import pytest
import torch
from torch import nn

from medssl.networks import parameter_groups


def test_every_parameter_once_and_the_encoder_apart():
    network = nn.ModuleDict({"encoder": nn.Linear(2, 3), "head": nn.Linear(3, 1)})
    network.encoder = network["encoder"]
    rest, encoder = parameter_groups(network, learning_rate=0.1, encoder_learning_rate=0.01)
    assert [len(rest["params"]), len(encoder["params"])] == [2, 2]
    assert (rest["lr"], encoder["lr"]) == (0.1, 0.01)
    assert torch.optim.SGD([rest, encoder]).param_groups[1]["lr"] == 0.01


def test_a_network_without_an_encoder_is_refused():
    with pytest.raises(ValueError, match="encoder"):
        parameter_groups(nn.Linear(1, 1), learning_rate=0.1, encoder_learning_rate=0.1)
