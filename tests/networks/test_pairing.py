"""Two views of each image."""

import pytest
import torch

from medssl.networks import (
    ConvEncoder,
    Match,
    MomentumPairing,
    MultiTaskNetwork,
    PairedNetwork,
    PerceptronLayers,
    ProjectionHead,
    SharedPairing,
)


@pytest.fixture
def network():
    torch.manual_seed(0)
    encoder = ConvEncoder(2, 1, width=2, levels=2)
    return MultiTaskNetwork(encoder, vector_heads={"embedding": ProjectionHead(encoder.channels[-1], widths=(6, 5))})


@pytest.fixture
def views():
    return torch.rand(4, 2, 1, 8, 8, generator=torch.Generator().manual_seed(1))


def test_momentum_pair_is_the_networks_answer_and_its_copys(network, views):
    pairing = MomentumPairing(network, queue_size=8, length=5)
    match = PairedNetwork(network, pairing).eval()(views)["embedding"]
    torch.testing.assert_close(match.query, network(views[:, 0])["embedding"])
    torch.testing.assert_close(match.key, network(views[:, 1])["embedding"])
    assert torch.equal(match.queue, pairing.queue.keys)
    assert match.query.requires_grad
    assert not match.key.requires_grad


def test_copy_is_a_copy(network, views):
    pairing = MomentumPairing(network, queue_size=8, length=5)
    before = PairedNetwork(network, pairing).eval()(views)["embedding"].key
    with torch.no_grad():
        network.encoder.levels[0][0].conv.weight.zero_()
    assert torch.equal(PairedNetwork(network, pairing)(views)["embedding"].key, before)
    assert not any(p.requires_grad for p in pairing.parameters())


def test_neither_training_nor_evaluation_writes_into_the_queue(network, views):
    paired = PairedNetwork(network, MomentumPairing(network, queue_size=8, length=5))
    before = paired.pairing.queue.keys.clone()
    paired.train()(views)
    paired.eval()(views)
    assert torch.equal(paired.pairing.queue.keys, before)


def test_shared_pair_learns_from_both_views(network, views):
    match = PairedNetwork(network, SharedPairing()).eval()(views)["embedding"]
    assert type(match) is Match
    torch.testing.assert_close(match.key, network(views[:, 1])["embedding"])
    assert match.key.requires_grad


def test_a_predictor_looks_from_either_side_and_its_targets_stand_still(network, views):
    predictor = PerceptronLayers((5, 3, 5))
    match = PairedNetwork(network, SharedPairing(predictor)).eval()(views)["embedding"]
    first, second = (network(views[:, i])["embedding"] for i in (0, 1))
    torch.testing.assert_close(match.query, torch.cat([predictor(first), predictor(second)]))
    torch.testing.assert_close(match.key, torch.cat([second, first]))
    assert not match.key.requires_grad


@pytest.mark.parametrize("shape", [(4, 1, 8, 8), (4, 3, 1, 8, 8)], ids=["one-view", "three-views"])
def test_two_views_are_needed(network, shape):
    with pytest.raises(ValueError, match=r"needs two views \(N, 2, C, \*S\), got"):
        PairedNetwork(network, SharedPairing())(torch.zeros(shape))
