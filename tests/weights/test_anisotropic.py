import pytest
import torch

from medssl.networks import AnisotropicEncoder, CorrespondenceNetwork
from medssl.weights.anisotropic import ANATOMICAL_EMBEDDING

SIZES = [pytest.param(64, 128, id="published"), pytest.param(4, 6, id="small")]


def state_of(width, length):
    with torch.device("meta"):
        return CorrespondenceNetwork(AnisotropicEncoder(width=width), length=length).state_dict()


@pytest.mark.parametrize(("width", "length"), SIZES)
def test_own_names_and_shapes_are_those_of_the_network(width, length):
    state = state_of(width, length)
    shapes = {key: tuple(one.shape) for key, one in state.items()}
    assert {entry.ours: entry.shape for entry in ANATOMICAL_EMBEDDING.entries(state)} == shapes


@pytest.mark.parametrize(("width", "length"), SIZES)
def test_there_and_back(width, length):
    state = state_of(width, length)
    published, left = ANATOMICAL_EMBEDDING.to_published(state)
    assert (len(published), left) == (138, [])
    assert ANATOMICAL_EMBEDDING.recognises(published)
    ours, left = ANATOMICAL_EMBEDDING.to_ours(published)
    assert left == []
    assert all(ours[key] is one for key, one in state.items())


def test_tensors_of_another_size_are_refused():
    published, _ = ANATOMICAL_EMBEDDING.to_published(state_of(4, 6))
    published["neck.lateral_convs.1.conv.weight"] = torch.zeros(6, 9, 1, 1, 1)
    with pytest.raises(ValueError, match=r"neck\.lateral_convs\.1\.conv\.weight \(6, 9, 1, 1, 1\)"):
        ANATOMICAL_EMBEDDING.to_ours(published)
