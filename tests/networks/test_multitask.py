import pytest
import torch

from medssl.networks import ClassificationHead, ConvDecoder, ConvEncoder, MapHead, MultiTaskNetwork


def parameters(network):
    return sum(parameter.numel() for parameter in network.parameters())


def build(width=2, levels=3, tasks=None, *, skips=True, upsample="deconv", head=None):
    encoder = ConvEncoder(3, 1, width=width, levels=levels)
    return MultiTaskNetwork(
        encoder,
        ConvDecoder(3, encoder.channels, skips=skips, upsample=upsample),
        map_heads={"volume": MapHead(3, encoder.channels[0], out_channels=1, activation="sigmoid")},
        vector_heads={"pattern": ClassificationHead(encoder.channels[-1], 44, **(head or {"hidden_channels": 4}))},
        tasks=tasks,
    )


def test_one_answer_a_task():
    answers = build()(torch.rand(2, 1, 8, 8, 8))
    assert {key: tuple(answer.shape) for key, answer in answers.items()} == {
        "volume": (2, 1, 8, 8, 8),
        "pattern": (2, 44),
    }


def test_names_begin_with_the_part():
    prefixes = dict.fromkeys(key.split(".")[0] for key in build().state_dict())
    assert list(prefixes) == ["encoder", "decoder", "volume", "pattern"]


@pytest.mark.parametrize(
    ("tasks", "parts"),
    [
        pytest.param(["pattern"], {"encoder", "pattern"}, id="first-stage"),
        pytest.param(["volume"], {"encoder", "decoder", "volume"}, id="restoration"),
    ],
)
def test_only_what_the_tasks_need_is_kept(tasks, parts):
    network = build(tasks=tasks)
    assert {key.split(".")[0] for key in network.state_dict()} == parts
    assert list(network(torch.rand(1, 1, 8, 8, 8))) == tasks


@pytest.mark.parametrize(
    ("words", "count"),
    [
        pytest.param({"tasks": ["volume"], "upsample": "nearest"}, 16_320_257, id="auto-encoder-with-skips"),
        pytest.param({"tasks": ["volume"], "upsample": "nearest", "skips": False}, 13_997_825, id="auto-encoder"),
        pytest.param(
            {"upsample": "nearest", "head": {"hidden_channels": 512, "hidden_features": 1024}}, 23_970_093, id="keras"
        ),
    ],
)
def test_parameters_of_the_publications_other_networks(words, count):
    network = build(width=32, levels=4, **words)
    statistics = sum(b.numel() for key, b in network.named_buffers() if not key.endswith("num_batches_tracked"))
    assert parameters(network) == count
    assert parameters(network) + statistics == {16_320_257: 16_324_929, 13_997_825: 14_002_497}.get(count, 23_975_789)


@pytest.mark.parametrize(
    ("map_heads", "vector_heads", "tasks", "message"),
    [
        pytest.param({"volume"}, {"pattern"}, ["patern"], "out of .*'pattern', 'volume'.*'patern'", id="unknown"),
        pytest.param({"volume"}, set(), [], "needs tasks out of", id="none"),
        pytest.param({"volume"}, {"volume"}, None, "name of its own, got .'volume'.", id="twice"),
        pytest.param({"encoder"}, set(), None, "name of its own, got .'encoder'.", id="name-of-a-part"),
        pytest.param({"train"}, set(), None, "name of its own, got .'train'.", id="name-of-a-method"),
        pytest.param({"volume"}, set(), None, "needs a decoder for .'volume'.", id="no-decoder"),
    ],
)
def test_door(map_heads, vector_heads, tasks, message):
    heads = [{key: torch.nn.Identity() for key in keys} for keys in (map_heads, vector_heads)]
    with pytest.raises(ValueError, match=message):
        MultiTaskNetwork(torch.nn.Identity(), map_heads=heads[0], vector_heads=heads[1], tasks=tasks)
