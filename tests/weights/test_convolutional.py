import pytest
import torch

from medssl.weights import LAYOUTS

GENESIS = LAYOUTS[0]


def shapes(state):
    return {key: tuple(tensor.shape) for key, tensor in state.items()}


def test_published_network_has_115_tensors_in_4_parts():
    entries = GENESIS.entries({GENESIS.first: torch.empty(32, 1, 3, 3, 3)})
    counts = {}
    for entry in entries:
        counts[entry.ours.split(".")[0]] = counts.get(entry.ours.split(".")[0], 0) + 1
    assert counts == {"encoder": 56, "decoder": 48, "volume": 2, "pattern": 9}
    assert len({entry.published for entry in entries}) == len({entry.ours for entry in entries}) == 115


@pytest.mark.parametrize(
    ("published", "ours", "shape"),
    [
        ("down_tr64.ops.0.conv1.weight", "encoder.levels.0.0.conv.weight", (32, 1, 3, 3, 3)),
        ("down_tr512.ops.1.bn1.running_var", "encoder.levels.3.1.adn.N.running_var", (512,)),
        ("up_tr256.up_conv.bias", "decoder.ups.0.deconv.bias", (512,)),
        ("up_tr256.ops.0.conv1.weight", "decoder.levels.0.0.conv.weight", (256, 768, 3, 3, 3)),
        ("up_tr64.ops.1.conv1.bias", "decoder.levels.2.1.conv.bias", (64,)),
        ("up_tr128.ops.0.bn1.num_batches_tracked", "decoder.levels.1.0.adn.N.num_batches_tracked", ()),
        ("out_tr.final_conv.weight", "volume.conv.weight", (None, 64, 1, 1, 1)),
        ("clc_out.fc1.bias", "pattern.linear.bias", (None,)),
    ],
)
def test_entries_by_hand(published, ours, shape):
    entry = next(
        entry for entry in GENESIS.entries({GENESIS.first: torch.empty(32, 1, 3, 3, 3)}) if entry.published == published
    )
    assert (entry.ours, entry.shape) == (ours, shape)


def test_names_are_those_of_our_network(network, published):
    ours, dropped = GENESIS.to_ours(published())
    assert shapes(ours) == shapes(network.state_dict())
    assert dropped == []


def test_there_and_back_again(published):
    state = published()
    back, dropped = GENESIS.to_published(GENESIS.to_ours(state)[0])
    assert dropped == []
    torch.testing.assert_close(back, state, rtol=0, atol=0)
