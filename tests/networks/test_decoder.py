import pytest
import torch

from medssl.networks import ConvDecoder, ConvEncoder

CHANNELS = (4, 8, 16)


def maps(spatial_dims=3, channels=CHANNELS):
    return [torch.rand(2, c, *[8 >> depth] * spatial_dims) for depth, c in enumerate(channels)]


def convolutions(decoder):
    return [(c.in_channels, c.out_channels) for c in decoder.modules() if isinstance(c, torch.nn.Conv3d)]


@pytest.mark.parametrize("upsample", ["deconv", "nearest"])
@pytest.mark.parametrize("skips", [True, False])
def test_finest_map_comes_out(upsample, skips):
    decoder = ConvDecoder(3, CHANNELS, skips=skips, upsample=upsample)
    assert decoder(maps()).shape == (2, 4, 8, 8, 8)
    assert decoder.out_channels == 4


def test_channels_with_and_without_skips():
    assert convolutions(ConvDecoder(3, CHANNELS)) == [(24, 8), (8, 8), (12, 4), (4, 4)]
    assert convolutions(ConvDecoder(3, CHANNELS, skips=False)) == [(16, 8), (8, 8), (8, 4), (4, 4)]


def test_up_sampled_channels_come_first():
    decoder = ConvDecoder(2, (1, 2), upsample="nearest")
    seen = []
    decoder.levels[0].register_forward_pre_hook(lambda _, arguments: seen.append(arguments[0]))
    fine, coarse = torch.zeros(2, 1, 4, 4), torch.rand(2, 2, 2, 2)
    decoder([fine, coarse])
    torch.testing.assert_close(seen[0][:, :2], coarse.repeat_interleave(2, 2).repeat_interleave(2, 3))
    assert not seen[0][:, 2:].any()


def test_without_skips_only_the_coarsest_map_matters():
    decoder = ConvDecoder(3, CHANNELS, skips=False).eval()
    features = maps()
    others = [torch.zeros_like(one) for one in features[:-1]]
    torch.testing.assert_close(decoder(features), decoder([*others, features[-1]]))


def test_transposed_convolution_keeps_channels_and_has_a_bias():
    weights = {k: tuple(v.shape) for k, v in ConvDecoder(3, CHANNELS).state_dict().items() if k.startswith("ups")}
    assert weights == {
        "ups.0.deconv.weight": (16, 16, 2, 2, 2),
        "ups.0.deconv.bias": (16,),
        "ups.1.deconv.weight": (8, 8, 2, 2, 2),
        "ups.1.deconv.bias": (8,),
    }


def test_decoder_without_normalisation_has_convolutions_alone():
    decoder = ConvDecoder(2, CHANNELS, norm="none")
    assert {key.split(".")[-2] for key in decoder.state_dict()} == {"deconv", "conv"}
    features = maps(2)
    torch.testing.assert_close(decoder.train()(features)[:1], decoder.eval()([one[:1] for one in features]))


def test_one_level_is_no_decoder():
    encoder = ConvEncoder(2, 1, width=2, levels=1)
    features = encoder(torch.rand(1, 1, 4, 4))
    assert ConvDecoder(2, encoder.channels)(features) is features[0]


def test_unknown_upsampling_is_named():
    with pytest.raises(ValueError, match=r"\['deconv', 'nearest'\], got 'linear'"):
        ConvDecoder(3, CHANNELS, upsample="linear")
