"""The patch discriminator."""

import pytest
import torch

from medssl.networks import MapDiscriminator


@pytest.mark.parametrize(("side", "patches"), [(224, 28), (64, 8), (20, 3)])
def test_one_logit_for_each_eight_pixels(side, patches):
    assert MapDiscriminator(2, 1, width=2)(torch.zeros(1, 1, side, side)).shape == (1, 1, patches, patches)


def test_size_of_the_published_one():
    assert sum(p.numel() for p in MapDiscriminator(2, 1, width=64).parameters()) == 1_554_433


def test_a_patch_sees_47_pixels():
    discriminator = MapDiscriminator(2, 1, width=2).double()
    for layer in discriminator.modules():
        if isinstance(layer, torch.nn.InstanceNorm2d):
            layer.forward = lambda image: image  # its means see everything
    image = torch.rand(1, 1, 128, 128, dtype=torch.double, requires_grad=True)
    discriminator(image)[0, 0, 8, 8].backward()
    seen = image.grad[0, 0].abs().sum(dim=0).nonzero().flatten()
    assert int(seen[-1] - seen[0]) + 1 == 47
