import pytest
import torch

from medssl.networks import SegmentationNetwork, WindowDecoder, WindowEncoder

SMALL = {"head_channels": 2, "image_size": 32}


def network():
    torch.manual_seed(0)
    encoder = WindowEncoder(width=4, **SMALL)
    return encoder.eval(), WindowDecoder(encoder.channels, **SMALL).eval()


@pytest.fixture(scope="module")
def parts():
    return network()


def test_maps_double_up_to_half_the_image(parts):
    encoder, decoder = parts
    maps = decoder.maps(encoder(torch.rand(1, 1, 32, 16, 48)))
    assert [tuple(one.shape) for one in maps] == [(1, 16, 4, 2, 6), (1, 8, 8, 4, 12), (1, 4, 16, 8, 24)]
    assert decoder.map_channels == (16, 8, 4)
    assert (decoder.out_channels, decoder.scale) == (4, 2)


def test_the_first_maps_are_the_same_without_the_others(parts):
    encoder, decoder = parts
    features = encoder(torch.rand(1, 1, 32, 32, 32))
    whole = decoder.maps(features)
    assert torch.equal(decoder(features), whole[-1])
    first = decoder.maps(features, 1)
    assert len(first) == 1
    assert torch.equal(first[0], whole[0])


def test_a_map_of_the_encoder_is_added(parts):
    encoder, decoder = parts
    features = encoder(torch.rand(1, 1, 32, 32, 32))
    changed = [features[0] + 1, *features[1:]]
    assert torch.equal(decoder.maps(changed, 2)[-1], decoder.maps(features, 2)[-1])
    torch.testing.assert_close(decoder(changed) - decoder(features), torch.ones_like(features[0]), rtol=0, atol=0.5)


def test_blocks_look_at_the_encoder_then_at_their_own_map(parts):
    _, decoder = parts
    assert [block.attention.cross for block in (*decoder.joins, *decoder.blocks)] == [True] * 3 + [False] * 3
    assert [block.attention.shifted for block in (*decoder.joins, *decoder.blocks)] == [False] * 3 + [True] * 3
    assert [block.attention.window for block in decoder.blocks] == [4, 4, 4]


def test_blocks_are_left_out_more_often_the_later_they_come():
    decoder = WindowDecoder((4, 8, 16, 32), drop_path=0.5, **SMALL)
    chances = [block.drop_path for pair in zip(decoder.joins, decoder.blocks, strict=True) for block in pair]
    torch.testing.assert_close(chances, [0.1 * place for place in range(6)], rtol=0, atol=1e-6)


def test_labels_are_as_fine_as_the_image_in_half_precision_too(parts):
    labelled = SegmentationNetwork(*parts, num_classes=3).eval()
    image = torch.rand(1, 1, 32, 32, 32)
    with torch.no_grad():
        whole = labelled(image)
        with torch.autocast("cpu", torch.bfloat16):
            half = labelled(image)
    assert whole.shape == (1, 3, 32, 32, 32)
    assert (half - whole).abs().mean() < 0.05 * whole.std()


def test_the_encoders_windows_fit():
    assert len(WindowDecoder((4, 8, 16, 32), windows=(4, 4, 8, 4), **SMALL).blocks) == 3


@pytest.mark.parametrize("words", [{"windows": (4, 4)}, {"head_channels": 3}])
def test_sizes_that_do_not_fit_are_refused(words):
    with pytest.raises(ValueError, match=r"needs 3 windows, .* head_channels that divide 4, got windows"):
        WindowDecoder((4, 8, 16, 32), **words)
