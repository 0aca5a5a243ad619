"""The residual encoder."""

import pytest
import torch

from medssl.networks import ResidualEncoder


@pytest.mark.parametrize("backbone", ["resnet10", "resnet50"])
def test_maps_halve_and_have_the_channels_that_it_says(backbone):
    encoder = ResidualEncoder(2, 1, backbone=backbone).eval()
    maps = encoder(torch.zeros(1, 1, 64, 96))
    assert [tuple(m.shape[1:]) for m in maps] == [
        (c, 64 >> d, 96 >> d) for d, c in enumerate(encoder.channels, start=1)
    ]


def test_resnet50_has_the_tensors_of_the_published_one():
    encoder = ResidualEncoder(2, 3, backbone="resnet50")
    assert len(encoder.state_dict()) == 318
    assert sum(p.numel() for p in encoder.parameters()) == 23_508_032


@pytest.mark.parametrize(("backbone", "tensors"), [("resnet18", 120), ("resnet34", 216)])
def test_shortcuts_that_change_the_size_learn(backbone, tensors):
    state = ResidualEncoder(2, 3, backbone=backbone).state_dict()
    assert len(state) == tensors
    assert state["layer2.0.downsample.0.weight"].shape == (128, 64, 1, 1)


def test_there_is_no_other_backbone():
    with pytest.raises(ValueError, match=r"backbone of \['resnet10'.*got 'vgg'"):
        ResidualEncoder(2, 1, backbone="vgg")


@pytest.mark.parametrize("shape", [(1, 3, 64, 64), (1, 1, 64, 64, 64)], ids=["colour", "volume"])
def test_other_images_are_refused(shape):
    with pytest.raises(ValueError, match=r"needs images \(N, 1, \*S\) with 2 spatial axes, got"):
        ResidualEncoder(2, 1)(torch.zeros(shape))
