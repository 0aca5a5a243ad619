"""Precision around an inferer."""

import pytest
import torch
from torch import nn

from medssl.engines import AutocastInferer, bfloat16_is_fast


class Heads(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(4, 2)
        self.seen = None

    def forward(self, image):
        out = self.linear(image)
        self.seen = out.dtype
        return {"volume": out, "list": [out, torch.tensor(3)]}


@pytest.mark.parametrize(("enabled", "inside"), [(True, torch.bfloat16), (False, torch.float32)])
def test_inside_is_the_chosen_precision_and_outside_is_float32(enabled, inside):
    network = Heads()
    out = AutocastInferer(enabled=enabled)(torch.rand(3, 4), network)
    assert network.seen is inside
    assert out["volume"].dtype is torch.float32
    assert out["list"][0].dtype is torch.float32
    assert out["list"][1].dtype is torch.int64


def test_a_string_is_no_switch():
    with pytest.raises(TypeError, match="--amp True"):
        AutocastInferer(enabled="true")


def test_the_wrapped_inferer_is_called_with_all_arguments():
    def inferer(inputs, network, *args, **kwargs):
        return network(inputs) + args[0] + kwargs["more"]

    assert AutocastInferer(inferer)(torch.zeros(1), torch.exp, 1, more=2).item() == 4.0


def test_bfloat16_speed_is_told_from_the_device():
    assert bfloat16_is_fast("meta") is False
    assert isinstance(bfloat16_is_fast("cpu"), bool)
