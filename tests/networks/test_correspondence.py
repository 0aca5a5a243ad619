import pytest
import torch

from medssl.networks import AnisotropicEncoder, ConvEncoder, CorrespondenceNetwork


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return CorrespondenceNetwork(AnisotropicEncoder(width=4), length=8).eval()


@pytest.fixture(scope="module")
def views():
    return 255 * torch.rand(2, 2, 1, 32, 48, 8, generator=torch.Generator().manual_seed(1)) - 50


@torch.no_grad()
def test_grids_lengths_and_type(network, views):
    with torch.autocast("cpu", torch.bfloat16):
        maps = network(views)
    assert {key: tuple(one.shape) for key, one in maps.items()} == {
        "fine": (2, 2, 8, 16, 24, 4),
        "coarse": (2, 2, 8, 2, 3, 2),
    }
    for one in maps.values():
        assert one.dtype == torch.float32
        torch.testing.assert_close(one.norm(dim=2), torch.ones(2, 2, *one.shape[3:]))


@torch.no_grad()
def test_a_view_is_embedded_as_if_it_were_alone(network, views):
    pairs, single = network(views), network(views[1, :1])
    for key, one in single.items():
        torch.testing.assert_close(pairs[key][1, 0], one[0])


@torch.no_grad()
def test_the_fine_embedding_knows_nothing_of_the_coarsest_stage(network, views):
    before = network(views)
    saved = {key: one.clone() for key, one in network.state_dict().items()}
    network.encoder.stages[3].apply(lambda part: [one.mul_(-2) for one in part.parameters(recurse=False)])
    after = network(views)
    network.load_state_dict(saved)
    assert (after["fine"] == before["fine"]).all()
    assert not torch.allclose(after["coarse"], before["coarse"])


def test_numbers_of_parameters_published_and_small():
    with torch.device("meta"):
        networks = [CorrespondenceNetwork(AnisotropicEncoder(width=w), length=e) for w, e in ((64, 128), (16, 32))]
    published, small = (sum(one.numel() for one in network.parameters()) for network in networks)
    assert published == 32_832_960  # specs/alice.md: 32.83 M
    assert round(small / 1e6, 2) == 2.06


@torch.no_grad()
def test_other_encoders_and_planes():
    network = CorrespondenceNetwork(ConvEncoder(2, 1, width=2, levels=3), length=5)
    maps = network(torch.rand(3, 2, 1, 16, 8))
    assert {key: tuple(one.shape) for key, one in maps.items()} == {"fine": (3, 2, 5, 16, 8), "coarse": (3, 2, 5, 4, 2)}


def test_images_of_other_axes_are_refused(network):
    with pytest.raises(ValueError, match=r"3 spatial axes, got \(1, 32, 32, 8\)"):
        network(torch.zeros(1, 32, 32, 8))
