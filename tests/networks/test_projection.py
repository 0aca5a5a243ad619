"""Embeddings from feature maps."""

import pytest
import torch
from torch import nn

from medssl.networks import PerceptronLayers, ProjectionHead


@pytest.mark.parametrize(
    ("words", "kinds"),
    [
        pytest.param({}, [nn.Linear, nn.ReLU, nn.Linear], id="plain"),
        pytest.param({"norm": True}, [nn.Linear, nn.BatchNorm1d, nn.ReLU, nn.Linear], id="norm"),
        pytest.param({"last_norm": True}, [nn.Linear, nn.ReLU, nn.Linear, nn.BatchNorm1d], id="last-norm"),
    ],
)
def test_layers(words, kinds):
    assert [type(layer) for layer in PerceptronLayers((4, 3, 2), **words).layers] == kinds


def test_head_averages_the_coarsest_map_over_space():
    head = ProjectionHead(3, widths=(2,))
    coarsest = torch.rand(5, 3, 4, 6)
    torch.testing.assert_close(head([torch.rand(5, 9, 8, 12), coarsest]), head.layers(coarsest.mean(dim=(2, 3))))


@pytest.mark.parametrize("build", [lambda: PerceptronLayers((4,)), lambda: ProjectionHead(4, widths=())])
def test_one_width_is_too_few(build):
    with pytest.raises(ValueError, match=r"widths of input and output, got \[4\]"):
        build()
