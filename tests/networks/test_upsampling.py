"""The up-sampling decoder."""

import pytest
import torch
from monai.networks.nets import FlexibleUNet

from medssl.networks import MapHead, ResidualEncoder, SegmentationNetwork, UpsamplingDecoder


def test_it_is_the_flexible_u_net_of_monai():
    words = {"pre_conv": None, "interp_mode": "nearest", "is_pad": False, "norm": ("batch", {"eps": 1e-5})}
    theirs = FlexibleUNet(1, 2, "resnet10", decoder_channels=(16, 8, 8, 4, 4), spatial_dims=2, **words).eval()
    encoder = ResidualEncoder(2, 1)
    ours = SegmentationNetwork(encoder, decoder(encoder.channels), num_classes=2).eval()
    ours.label = MapHead(2, 4, out_channels=2, kernel_size=3)
    state = {key.replace("segmentation_head.0", "label.conv"): value for key, value in theirs.state_dict().items()}
    ours.load_state_dict(state)
    image = torch.rand(1, 1, 64, 96)
    with torch.no_grad():
        assert torch.equal(ours(image), theirs(image))


def decoder(channels, **words):
    return UpsamplingDecoder(2, channels, decoder_channels=(16, 8, 8, 4, 4), **words)


def test_dropout_acts_in_training_only():
    encoder = ResidualEncoder(2, 1).eval()
    features = encoder(torch.rand(1, 1, 32, 32))
    dropping = decoder(encoder.channels, dropout=0.5)
    assert torch.equal(dropping.eval()(features), dropping(features))
    assert not torch.equal(dropping.train()(features), dropping(features))


def test_each_map_needs_a_step():
    with pytest.raises(ValueError, match=r"needs 3 decoder_channels, one a map, got \[8, 4\]"):
        UpsamplingDecoder(2, (4, 8, 16), decoder_channels=(8, 4))


def test_sides_that_do_not_halve_are_refused_with_what_does():
    encoder = ResidualEncoder(2, 1).eval()
    with pytest.raises(ValueError, match=r"got \[3, 3\] beside \[4, 4\]; make the image's sides multiples of 32"):
        decoder(encoder.channels).eval()(encoder(torch.zeros(1, 1, 48, 48)))
