import torch

from medssl.networks.blocks import convolution_pair


def test_order_is_convolution_normalisation_dropout_activation_twice():
    pair = convolution_pair(2, (1, 3, 5), norm="instance", activation="elu", dropout=0.5)
    kinds = [type(module).__name__ for module in pair.modules() if not list(module.children())]
    assert kinds == ["Conv2d", "InstanceNorm2d", "Dropout", "ELU"] * 2


def test_convolutions_have_a_bias_and_pad_with_zeros():
    pair = convolution_pair(3, (1, 2, 4), norm="running", activation="relu", dropout=0.0)
    first = pair[0].conv
    assert first.bias is not None
    torch.nn.init.ones_(first.weight)
    torch.nn.init.zeros_(first.bias)
    summed = first(torch.ones(1, 1, 4, 4, 4))
    assert (summed[0, 0, 0, 0, 0].item(), summed[0, 0, 1, 1, 1].item()) == (8, 27)
    assert pair(torch.rand(2, 1, 4, 6, 8)).shape == (2, 4, 4, 6, 8)


def test_no_dropout_no_layer():
    pair = convolution_pair(2, (1, 2, 2), norm="running", activation="relu", dropout=0.0)
    assert not any(isinstance(module, torch.nn.Dropout) for module in pair.modules())
