import pytest
import torch

from medssl.weights import LAYOUTS, find_layout

GENESIS = LAYOUTS[0]


def shapes(state):
    return {key: tuple(tensor.shape) for key, tensor in state.items()}


def test_published_network_has_115_tensors_in_4_parts():
    entries = GENESIS.entries(32, 1)
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
    entry = next(entry for entry in GENESIS.entries(32, 1) if entry.published == published)
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


def test_strangers_are_dropped_and_the_prefix_is_taken_off(published):
    state = {f"classficationNet.{key}": tensor for key, tensor in published().items()}
    state |= {"projection_head.0.weight": torch.ones(1), "classficationNet.prototypes.weight": torch.ones(1)}
    state["something.else"] = torch.ones(1)
    ours, dropped = GENESIS.to_ours(state)
    assert len(ours) == 115
    assert dropped == ["projection_head.0.weight", "classficationNet.prototypes.weight", "something.else"]


def test_plain_and_prefixed_version_of_one_key_is_an_error(published):
    state = published()
    state["classficationNet.out_tr.final_conv.bias"] = torch.ones(1)
    with pytest.raises(ValueError, match=r"1 both with and without.*classficationNet\.: .*out_tr\.final_conv\.bias"):
        GENESIS.to_ours(state)


@pytest.mark.parametrize("key", ["up_tr128.ops.0.conv1.weight", "down_tr256.ops.1.bn1.bias"])
def test_other_shape_is_an_error(published, key):
    state = published()
    state[key] = state[key][:1]
    with pytest.raises(ValueError, match=rf"{key} \(1,.*instead of"):
        GENESIS.to_ours(state)


def test_unknown_layout_shows_its_names():
    with pytest.raises(ValueError, match=r"begin with 'encoder\.'.*down_tr64.*got names conv1\.weight, fc\.bias"):
        find_layout({"conv1.weight": torch.ones(1), "fc.bias": torch.ones(1)})
