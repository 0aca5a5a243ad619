from dataclasses import replace

import pytest
import torch

from medssl.weights import Entry, Layout
from medssl.weights.layouts import layer_entries, plain_entries, shape_of

JOINED = Entry("up.weight", "decoder.weight", (None, 5, 1), skip=2)


def entries(state):
    channels = shape_of(state, ["stem.weight", "encoder.stem.weight"])[0]
    return [*layer_entries(("stem", "encoder.stem"), (channels, 1), bias=False), JOINED]


LAYOUT = Layout(
    name="toy",
    mark=r"(net\.)?(stem|up)\.",
    first="encoder.stem.weight",
    entries=entries,
    prefixes=("net.inner.", "net."),
    strangers=("queue",),
)
STATE = {"stem.weight": torch.ones(3, 1), "up.weight": torch.arange(5.0).reshape(1, 5, 1)}


def test_channels_of_a_skip_come_first_with_us_and_last_in_published_files():
    ours = JOINED.to_ours(STATE["up.weight"])
    assert ours.flatten().tolist() == [3, 4, 0, 1, 2]
    assert JOINED.to_published(ours).flatten().tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("shape", "fits"),
    [((7, 5, 1), True), ((7, 4, 1), False), ((7, 5), False), ((7, 5, 1, 1), False)],
)
def test_none_stands_for_any_number(shape, fits):
    assert JOINED.accepts(torch.ones(shape)) is fits


def test_layer_with_bias_has_two_tensors_and_a_batch_norm_five():
    assert list(layer_entries(("a", "b"), (2, 3), skip=1)) == [
        Entry("a.weight", "b.weight", (2, 3), skip=1),
        Entry("a.bias", "b.bias", (2,)),
    ]
    norm = {entry.ours: entry.shape for entry in layer_entries(("a", "b"), (2,))}
    statistics = {"b.running_mean": (2,), "b.running_var": (2,), "b.num_batches_tracked": ()}
    assert norm == {"b.weight": (2,), "b.bias": (2,)} | statistics


def test_layer_without_statistics_has_two_tensors():
    assert list(plain_entries(("a", "b"), (2,))) == [
        Entry("a.weight", "b.weight", (2,)),
        Entry("a.bias", "b.bias", (2,)),
    ]
    assert [entry.shape for entry in plain_entries(("a", "b"), (2, 3), bias=(3,))] == [(2, 3), (3,)]


def test_there_and_back_again():
    ours, dropped = LAYOUT.to_ours(STATE)
    assert sorted(ours) == ["decoder.weight", "encoder.stem.weight"]
    assert dropped == []
    back, dropped = LAYOUT.to_published(ours)
    assert dropped == []
    torch.testing.assert_close(back, STATE, rtol=0, atol=0)


def test_longest_prefix_is_taken_off_and_strangers_are_dropped():
    state = {"net.inner.stem.weight": torch.ones(3, 1), "net.up.weight": torch.ones(1, 5, 1)}
    ours, dropped = LAYOUT.to_ours({**state, "net.queue": torch.ones(1), "net.other": torch.ones(1)})
    assert sorted(ours) == ["decoder.weight", "encoder.stem.weight"]
    assert dropped == ["net.queue", "net.other"]


def test_plain_and_prefixed_version_of_one_key_is_an_error():
    with pytest.raises(ValueError, match=r"1 both with and without the prefix net\.inner\. or net\.: up\.weight"):
        LAYOUT.to_ours({**STATE, "net.up.weight": torch.ones(1, 5, 1)})


def test_constants_are_compared_when_read_and_made_when_written():
    layout = replace(LAYOUT, derived=lambda state: {"stem.count": torch.tensor(len(state["stem.weight"]))})
    ours, dropped = layout.to_ours({**STATE, "net.stem.count": torch.tensor(3)})
    assert (sorted(ours), dropped) == (["decoder.weight", "encoder.stem.weight"], [])
    assert layout.to_published(ours)[0]["stem.count"] == 3
    with pytest.raises(ValueError, match=r"toy file needs the constants .* got others: stem\.count"):
        layout.to_ours({**STATE, "stem.count": torch.tensor(2)})


def test_other_shape_is_an_error():
    with pytest.raises(ValueError, match=r"up\.weight \(1, 4, 1\) instead of \(None, 5, 1\)"):
        LAYOUT.to_ours({**STATE, "up.weight": torch.ones(1, 4, 1)})


def test_without_the_tensor_that_tells_the_size_it_is_named():
    with pytest.raises(ValueError, match=r"needs stem\.weight, which tells the size of its network, got up\.weight"):
        LAYOUT.to_ours({"up.weight": torch.ones(1, 5, 1)})


def test_recognised_by_the_beginning_of_a_name():
    assert LAYOUT.recognises({"a": torch.ones(1), "net.up.weight": torch.ones(1)})
    assert not LAYOUT.recognises({"encoder.stem.weight": torch.ones(1)})
