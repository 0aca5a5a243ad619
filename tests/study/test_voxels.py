"""One linear layer on all maps of an encoder."""

import pytest
import torch
from monai.inferers import SlidingWindowInferer
from torch import nn
from torch.nn.functional import interpolate

from medssl.study.voxels import MapSamples, ProbedMaps, at_places

DRAW = torch.Generator().manual_seed(0)
MODES = {2: "bilinear", 3: "trilinear"}


class Pyramid(nn.Module):
    """An encoder of fixed layers: the image, and two coarser maps."""

    def __init__(self, spatial_dims):
        super().__init__()
        self.pool = {2: nn.AvgPool2d, 3: nn.AvgPool3d}[spatial_dims](2)

    def forward(self, image):
        half = self.pool(image)
        return [image, torch.cat([half, -half.square()], dim=1), self.pool(half)]


def side_by_side(image):
    maps = Pyramid(image.ndim - 2)(image)
    return torch.cat([interpolate(one, size=image.shape[2:], mode=MODES[image.ndim - 2]) for one in maps], dim=1)


@pytest.fixture(params=[(8, 12), (8, 4, 12)], ids=["picture", "volume"])
def image(request):
    return torch.rand(2, 1, *request.param, generator=DRAW)


def test_the_layer_on_each_map_is_the_layer_on_all_side_by_side(image):
    weight, bias = torch.randn(3, 4, generator=DRAW), torch.randn(3, generator=DRAW)
    found = ProbedMaps(Pyramid(image.ndim - 2), weight, bias=bias)(image)
    expected = torch.einsum("kc,nc...->nk...", weight, side_by_side(image))
    assert torch.allclose(found, expected + bias.reshape(1, -1, *[1] * (image.ndim - 2)), atol=1e-5)


def test_values_at_places_are_those_on_the_grid(image):
    places = (torch.rand(image.shape[2:], generator=DRAW) > 0.3).nonzero()
    for coarse in Pyramid(image.ndim - 2)(image):
        whole = interpolate(coarse, size=image.shape[2:], mode=MODES[image.ndim - 2])[0]
        found = at_places(coarse[0], places, size=image.shape[2:])
        assert torch.allclose(found, whole[(slice(None), *places.T)].T, atol=1e-5)


def test_chosen_voxels_get_what_all_maps_say(image):
    numbers = torch.zeros_like(image)
    numbers[0].flatten()[[3, 10]] = torch.tensor([2.0, 1.0])
    numbers[1].flatten()[0] = 3
    sampling = MapSamples(Pyramid(image.ndim - 2), 3)
    assert not sampling(torch.cat([image, numbers], dim=1)).any()
    grid = side_by_side(image).flatten(2)
    assert torch.allclose(sampling.vectors(), torch.stack([grid[0, :, 10], grid[0, :, 3], grid[1, :, 0]]), atol=1e-5)


def test_a_voxel_of_several_windows_gets_their_mean():
    image, numbers = torch.rand(1, 1, 12, 8, generator=DRAW), torch.zeros(1, 1, 12, 8)
    numbers[0, 0, 5, 2] = 1
    sampling = MapSamples(Pyramid(2), 1)
    SlidingWindowInferer(roi_size=(8, 8), overlap=0.5)(torch.cat([image, numbers], dim=1), sampling)
    windows = [side_by_side(image[:, :, :8])[0, :, 5, 2], side_by_side(image[:, :, 4:])[0, :, 1, 2]]
    assert torch.allclose(sampling.vectors()[0], torch.stack(windows).mean(dim=0), atol=1e-5)


def test_voxels_that_no_window_saw_are_said(image):
    sampling = MapSamples(Pyramid(image.ndim - 2), 2)
    sampling(torch.cat([image, torch.zeros_like(image)], dim=1))
    with pytest.raises(ValueError, match="2 of 2 chosen voxels were in no window"):
        sampling.vectors()
