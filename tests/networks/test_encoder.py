import pytest
import torch

from medssl.networks import ConvEncoder


def test_channels_and_sizes_of_every_level():
    encoder = ConvEncoder(3, 1, width=2, levels=4)
    shapes = [tuple(one.shape) for one in encoder(torch.rand(2, 1, 16, 16, 8))]
    assert shapes == [(2, 4, 16, 16, 8), (2, 8, 8, 8, 4), (2, 16, 4, 4, 2), (2, 32, 2, 2, 1)]
    assert encoder.channels == (4, 8, 16, 32)


def test_first_convolution_of_a_level_widens_half_way():
    convolutions = [m for m in ConvEncoder(2, 3, width=4, levels=3).modules() if isinstance(m, torch.nn.Conv2d)]
    assert [(c.in_channels, c.out_channels) for c in convolutions] == [
        (3, 4),
        (4, 8),
        (8, 8),
        (8, 16),
        (16, 16),
        (16, 32),
    ]


def test_both_convolutions_of_a_level_may_have_its_channels():
    encoder = ConvEncoder(2, 1, width=32, levels=5, gradual=False)
    convolutions = [(m.in_channels, m.out_channels) for m in encoder.modules() if isinstance(m, torch.nn.Conv2d)]
    assert convolutions[:4] == [(1, 64), (64, 64), (64, 128), (128, 128)]
    assert convolutions[-1] == (1024, 1024)
    assert encoder.channels == (64, 128, 256, 512, 1024)


def test_level_is_the_pooled_level_before_through_its_convolutions():
    encoder = ConvEncoder(2, 1, width=2, levels=2).eval()
    first, second = encoder(torch.rand(1, 1, 8, 8))
    torch.testing.assert_close(second, encoder.levels[1](torch.nn.functional.max_pool2d(first, 2)))


def test_names_of_tensors():
    keys = list(ConvEncoder(3, 1, width=2, levels=2).state_dict())
    assert keys[:3] == ["levels.0.0.conv.weight", "levels.0.0.conv.bias", "levels.0.0.adn.N.weight"]
    assert len(keys) == 2 * 2 * 7


@pytest.mark.parametrize(
    "shape",
    [
        pytest.param((1, 1, 16, 12, 8), id="odd-size"),
        pytest.param((1, 1, 16, 16, 0), id="empty"),
        pytest.param((1, 2, 16, 16, 8), id="channels"),
        pytest.param((1, 1, 16, 16), id="plane"),
        pytest.param((1, 16, 16, 8), id="no-batch"),
    ],
)
def test_door(shape):
    with pytest.raises(
        ValueError, match=r"\(N, 1, \*S\) with 3 spatial axes, each a multiple of 8.*DivisiblePadd\(k=8\)"
    ):
        ConvEncoder(3, 1, width=2, levels=4)(torch.zeros(shape))


def test_door_of_the_script():
    scripted = torch.jit.script(ConvEncoder(2, 1, width=2, levels=3))
    with pytest.raises(torch.jit.Error, match="multiple of 4"):
        scripted(torch.zeros(1, 1, 8, 6))
