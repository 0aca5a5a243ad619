import re

import pytest
import torch

from medssl.networks import AnisotropicEncoder


@pytest.fixture(scope="module")
def encoder():
    torch.manual_seed(0)
    return AnisotropicEncoder(width=4).eval()


def test_sizes_and_channels(encoder):
    with torch.no_grad():
        maps = encoder(torch.rand(2, 1, 32, 48, 8))
    sizes = [(2, 4, 16, 24, 4), (2, 8, 8, 12, 4), (2, 16, 4, 6, 4), (2, 32, 2, 3, 2)]
    assert [tuple(one.shape) for one in maps] == sizes
    assert encoder.channels == (4, 8, 16, 32)


@pytest.mark.parametrize(
    ("level", "cells"),
    [
        pytest.param(0, {5, 6}, id="the-stem-alone-looks-aside"),
        pytest.param(1, {5, 6}, id="nor-does-the-second-stage"),
        pytest.param(2, set(range(1, 11)), id="four-convolutions-of-the-third-do"),
    ],
)
def test_slices_meet_late(encoder, level, cells):
    image = torch.zeros(1, 1, 32, 32, 32)
    changed = image.clone()
    changed[0, 0, 16, 16, 11] = 1000
    with torch.no_grad():
        difference = encoder(changed)[level] - encoder(image)[level]
    assert set(difference[0].abs().amax(dim=(0, 1, 2)).nonzero()[:, 0].tolist()) == cells


@pytest.mark.parametrize("shape", [(1, 1, 32, 24, 8), (1, 2, 32, 32, 8), (1, 1, 32, 32), (1, 1, 32, 32, 6)])
def test_what_does_not_fit_is_refused(encoder, shape):
    with pytest.raises(ValueError, match=re.escape(f"got {list(shape)}")):
        encoder(torch.zeros(shape))
