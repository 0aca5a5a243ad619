import pytest
import torch

from medssl.networks import WindowEncoder
from medssl.networks.window_encoder import sinusoids

SMALL = {"width": 4, "head_channels": 2, "image_size": 32}


def encoder(**words):
    torch.manual_seed(0)
    return WindowEncoder(**{**SMALL, **words})


def test_maps_halve_and_their_channels_double():
    network = encoder(in_channels=2)
    maps = network(torch.rand(1, 2, 32, 16, 48))
    assert network.channels == (4, 8, 16, 32)
    shapes = [(1, 4, 16, 8, 24), (1, 8, 8, 4, 12), (1, 16, 4, 2, 6), (1, 32, 2, 1, 3)]
    assert [tuple(one.shape) for one in maps] == shapes


def test_every_map_is_normalised():
    for level, one in enumerate(encoder()(torch.rand(1, 1, 32, 32, 32))):
        torch.testing.assert_close(one.mean(dim=1), torch.zeros_like(one[:, 0]), rtol=0, atol=1e-5)
        assert one.var(dim=1, correction=0).mean().item() == pytest.approx(1, abs=1e-2), level


def test_windows_are_at_most_the_grid():
    windows = [[block.attention.window for block in stage] for stage in encoder().stages]
    assert windows == [[4, 4], [4, 4], [4, 4], [2, 2]]
    assert [stage[0].attention.window for stage in encoder(image_size=64).stages] == [4, 4, 8, 4]


def test_blocks_are_left_out_more_often_the_deeper_they_lie():
    chances = [block.drop_path for stage in encoder(drop_path=0.7).stages for block in stage]
    torch.testing.assert_close(chances, [0.1 * place for place in range(8)], rtol=0, atol=1e-6)


def test_sinusoids_by_definition():
    table = sinusoids(4, 12)[0]
    assert table.shape == (12, 4, 4, 4)
    for place in ((0, 0, 0), (1, 2, 3)):
        expected = [wave(torch.tensor(axis / 10000**step)) for axis in place for wave in (torch.sin, torch.cos)
                    for step in (0, 0.5)]  # fmt: skip
        torch.testing.assert_close(table[(slice(None), *place)], torch.stack(expected))
    assert sinusoids(4, 8).shape == (1, 8, 4, 4, 4)


def test_the_table_is_saved_and_stretched_for_other_sizes():
    network = encoder().eval()
    assert "position" in network.state_dict()
    assert not any(name == "position" for name, _ in network.named_parameters())
    network.position = torch.arange(16.0)[:, None, None].expand(1, 4, 16, 16, 16)
    assert torch.equal(network._places([16, 16, 16]), network.position.movedim(1, -1))
    assert network._places([8, 16, 16])[0, :, 0, 0, 0].tolist() == [0.5 + 2 * place for place in range(8)]


def test_a_map_stays_where_it_is_when_something_far_away_changes():
    network = encoder(depths=(1,), windows=(2,)).eval()
    image = torch.rand(1, 1, 16, 16, 16)
    other = image.clone()
    other[..., 12:] = 0
    ours, theirs = network(image)[0], network(other)[0]
    torch.testing.assert_close(ours[..., :2], theirs[..., :2])  # three convolutions and one window reach no further
    assert not torch.allclose(ours[..., 6:], theirs[..., 6:])


def test_initial_values():
    network = encoder(width=24, head_channels=8)
    linear = network.stages[2][0].mlp.linear1
    assert linear.weight.std().item() == pytest.approx(0.02, rel=0.05)
    assert not linear.bias.any()


def test_the_index_is_a_choice_of_meaning_not_of_shape():
    compatible, correct = encoder().eval(), encoder(compatible_index=False).eval()
    correct.load_state_dict(compatible.state_dict())
    image = torch.rand(1, 1, 32, 32, 32)
    assert not torch.allclose(compatible(image)[0], correct(image)[0])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        pytest.param({"image_size": 40}, "image_size to be a multiple of 16.*got image_size 40", id="image-size"),
        pytest.param({"width": 5}, "width one of head_channels.*got image_size 32, width 5", id="width"),
        pytest.param({"windows": (4, 4)}, r"window for each of 4 grids.*windows \[4, 4\]", id="windows"),
    ],
)
def test_sizes_that_do_not_divide_are_refused(words, message):
    with pytest.raises(ValueError, match=message):
        encoder(**words)


@pytest.mark.parametrize("shape", [(1, 1, 32, 32), (1, 2, 32, 32, 32), (1, 1, 32, 32, 24)])
def test_other_images_are_refused_with_what_to_do(shape):
    with pytest.raises(ValueError, match=r"multiples of 16, got .*DivisiblePadd\(k=16\)"):
        encoder()(torch.zeros(shape))
