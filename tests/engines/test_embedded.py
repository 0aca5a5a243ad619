"""Volumes as embeddings."""

import pickle

import numpy as np
import pytest
import torch
from monai.data import MetaTensor
from torch import nn

from medssl.data import Embedded, match_points
from medssl.engines import EmbeddedVolumes
from medssl.networks import AnisotropicEncoder, CorrespondenceNetwork

AFFINE = torch.diag(torch.tensor([-2.0, -2, 2, 1])).double()


class Sums(nn.Module):
    """Sums over the cells as embeddings, so that they tell what the network saw."""

    def __init__(self):
        super().__init__()
        self.encoder = nn.Identity()
        self.encoder.step = (4, 4, 2)
        self.calls = []

    def forward(self, image):
        self.calls.append((tuple(image.shape), self.training, torch.is_grad_enabled(), image.dtype))
        return {"fine": 8 * nn.functional.avg_pool3d(image, 2), "coarse": image.mean((2, 3, 4), keepdim=True)}


class Items(list):
    """Items that count how often they are read."""

    def __getitem__(self, index):
        self.read = [*getattr(self, "read", []), index]
        return super().__getitem__(index)


def volumes(count=1, shape=(3, 4, 5)):
    return Items({"image": MetaTensor(torch.full((1, *shape), float(i)), affine=AFFINE)} for i in range(count))


def test_upper_ends_are_padded_and_the_own_shape_is_told():
    network = Sums().train()
    embedded = EmbeddedVolumes(network, volumes(2), outside=-50)[1]
    assert network.calls == [((1, 1, 4, 4, 6), False, False, torch.float32)]
    assert network.training
    assert embedded.shape == (3, 4, 5)
    assert np.array_equal(embedded.affine, AFFINE)
    assert not isinstance(embedded.fine, MetaTensor)
    expected = torch.tensor([[[[8.0, 8, 4 - 4 * 50]] * 2, [[4 - 4 * 50, 4 - 4 * 50, 2 - 6 * 50]] * 2]])
    assert torch.equal(embedded.fine, expected)


def test_the_last_used_are_kept():
    dataset = volumes(3)
    embedded = EmbeddedVolumes(Sums(), dataset, keep=2)
    for index in (0, 1, 0, 2, 0, 1, -1):
        assert isinstance(embedded[index], Embedded)
    assert dataset.read == [0, 1, 2, 1, 2]
    assert len(embedded) == 3


def test_travels_to_other_processes_without_what_it_keeps():
    embedded = EmbeddedVolumes(Sums(), volumes(1))
    first = embedded[0]
    again = pickle.loads(pickle.dumps(embedded))
    assert not again._kept
    assert torch.equal(again[0].fine, first.fine)


def test_a_volume_matches_itself_cell_by_cell():
    torch.manual_seed(0)
    network = CorrespondenceNetwork(AnisotropicEncoder(width=4), length=8)
    image = MetaTensor(torch.randn(1, 20, 18, 10) * 50, affine=AFFINE)
    embedded = EmbeddedVolumes(network, [{"image": image}])[0]
    voxels = np.array([[0.5, 0.5, 0.5], [18.5, 16.5, 8.5], [6.5, 10.5, 4.5]])  # centres of cells
    points = voxels * np.diag(AFFINE)[:3]
    found, score = match_points(embedded, points, target=embedded)
    assert np.allclose(found, points)
    assert np.allclose(score, 1, atol=1e-5)


def test_something_is_kept():
    with pytest.raises(ValueError, match="at least 1, got 0"):
        EmbeddedVolumes(Sums(), volumes(), keep=0)
