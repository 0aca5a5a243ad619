"""Tokens and the network that tells them."""

import pytest
import torch
from torch.nn.functional import normalize

from medssl.networks import ConvEncoder, CrossCompletion, MapHead, TokenHead, TokenNetwork


@pytest.fixture
def head():
    torch.manual_seed(0)
    return TokenHead(6, 4, hidden=8, bottleneck=5, length=7).eval()


def test_prototypes_are_unit_vectors_that_stay_so(head):
    for name in ("last", "token_last"):
        layer = head.get_submodule(name)
        assert torch.allclose(layer.weight.norm(dim=1), torch.ones(7))
        assert not layer.parametrizations.weight.original0.requires_grad
        assert layer.parametrizations.weight.original1.requires_grad


def test_logits_are_cosines_with_the_prototypes(head):
    features, decoded = torch.rand(2, 6, 2, 2, 2), torch.rand(2, 4, 3, 3, 3)
    tokens = head(features, decoded)
    assert [list(part.shape) for part in tokens] == [[2, 7], [2, 8, 7], [2, 27, 7]]
    place = features[1, :, 1, 0, 1]  # the sixth place of the second image
    vector = normalize(head.layers(head.encoder_tokens(place)), dim=0)
    assert torch.allclose(tokens.encoder[1, 5], head.token_last.weight @ vector, atol=1e-6)
    mean = normalize(head.layers(features[0].flatten(1).mean(dim=1)), dim=0)
    assert torch.allclose(tokens.image[0], head.last.weight @ mean, atol=1e-6)
    assert max(part.abs().max() for part in tokens) <= 1 + 1e-6


def test_autocast_leaves_the_logits_all_their_values(head):
    features, decoded = torch.rand(2, 6, 4, 4, 4), torch.rand(2, 4, 4, 4, 4)
    with torch.autocast("cpu", torch.bfloat16):
        tokens = head(features, decoded)
        projected = head.layers(features.flatten(2).mean(dim=2))
        completed = CrossCompletion(7, hidden=8, heads=1, head_channels=4)(tokens.encoder, tokens.decoder)
    assert [part.dtype for part in (*tokens, completed)] == 4 * [torch.float32]
    assert projected.dtype == torch.bfloat16
    torch.testing.assert_close(tokens.image, normalize(projected.float(), dim=1) @ head.last.weight.T)


def test_one_set_of_prototypes_is_saved_once():
    shared = TokenHead(6, 4, hidden=8, bottleneck=5, length=7, shared=True)
    assert not any("token_last" in key for key in shared.state_dict())
    same = torch.rand(1, 6, 1, 1, 1)
    shared.encoder_tokens = torch.nn.Identity()
    tokens = shared(same, torch.rand(1, 4, 1, 1, 1))
    assert torch.allclose(tokens.image, tokens.encoder[:, 0])  # the mean of one place is that place


class Stairs(torch.nn.Module):
    """Maps from coarse to fine, of recognisable channels."""

    map_channels = (4, 2)

    def forward(self, features):
        return self.maps(features)[-1]

    def maps(self, features, count=0):
        return [torch.zeros(len(features[0]), 4, 2, 2, 2), features[0][:, :2]][: count or None]


def test_restores_from_the_finest_map_and_tells_of_the_chosen_ones():
    encoder = ConvEncoder(3, 1, width=2, levels=3).eval()
    head = MapHead(3, 2, out_channels=1).eval()
    words = {"hidden": 8, "bottleneck": 5, "length": 7}
    network = TokenNetwork(encoder, Stairs(), volume=head, level=1, **words).eval()
    image = torch.rand(2, 1, 8, 8, 8)
    volume, tokens = network(image)
    features = encoder(image)
    assert torch.equal(volume, head(features[0][:, :2]))
    assert torch.equal(tokens.encoder, network.tokens(features[1], torch.zeros(2, 4, 2, 2, 2)).encoder)
    assert torch.equal(network.restore(image), volume)
    assert all(torch.equal(*pair) for pair in zip(network.tell(image), tokens, strict=True))
    assert {key.split(".")[0] for key in network.state_dict()} == {"encoder", "volume", "tokens"}
