"""The published network's numbers (golden README, section 1), at the tolerances given there."""

import zlib

import numpy as np
import pytest
import torch

from medssl.losses import WeightedLoss
from medssl.networks import (
    ClassificationHead,
    ConvDecoder,
    ConvEncoder,
    EncoderFeatures,
    MapHead,
    MultiTaskNetwork,
)
from medssl.weights import LAYOUTS, load_weights

INPUTS = {"n1": (7, (1, 1, 32, 32, 16)), "n2": (8, (2, 1, 32, 32, 16)), "full": (9, (1, 1, 64, 64, 32))}
FIRST = {LAYOUTS[0].first: torch.empty(32, 1, 3, 3, 3)}  # tells width and channels of the network
STRIDES = {"n1": 1, "n2": 2, "full": 4}


@pytest.fixture(scope="module")
def numbers(golden):
    return golden("semantic_genesis/network.npz")


@pytest.fixture(scope="module")
def published():
    entries = LAYOUTS[0].entries(FIRST)
    sizes = {"clc_out.conv1": 1024, "clc_out.bn1": 1024, "clc_out.fc1": 44, "out_tr.final_conv": 1}
    shapes = {e.published: concrete(e.shape, sizes.get(e.published.rsplit(".", 1)[0]), 1024) for e in entries}
    return {key: fill(key, shape) for key, shape in shapes.items()}


def concrete(shape, *missing):
    free = iter(missing)
    return tuple(next(free) if size is None else size for size in shape)


def fill(key, shape):
    draw = np.random.Generator(np.random.PCG64(zlib.crc32(key.encode())))
    if key.endswith("num_batches_tracked"):
        return torch.zeros(shape, dtype=torch.long)
    if key.endswith(("running_var", "bn1.weight")):
        return torch.from_numpy(np.asarray(1 + 0.1 * np.abs(draw.normal(0, 1, shape)), dtype=np.float32))
    return torch.from_numpy(np.asarray(draw.normal(0, 0.05, shape), dtype=np.float32))


def image(name):
    seed, shape = INPUTS[name]
    return torch.from_numpy(np.random.Generator(np.random.PCG64(seed)).random(shape, dtype=np.float32))


def build(norm="batch", tasks=None):
    encoder = ConvEncoder(3, 1, width=32, norm=norm)
    return MultiTaskNetwork(
        encoder,
        ConvDecoder(3, encoder.channels, norm=norm),
        map_heads={"volume": MapHead(3, 64, out_channels=1, activation="sigmoid")},
        vector_heads={"pattern": ClassificationHead(512, 44, hidden_channels=1024, norm=norm)},
        tasks=tasks,
    )


@pytest.fixture(scope="module")
def network(published):
    network = build()
    report = load_weights(network, published)
    assert len(report.loaded) == report.total == 115
    return network.eval()


def assert_close(actual, expected, **tolerance):
    np.testing.assert_allclose(torch.as_tensor(actual).detach().numpy(), expected, **tolerance)


def test_names_and_shapes_are_the_published_ones(numbers, published):
    assert sorted(published) == list(numbers["keys"])
    shapes = ["x".join(map(str, published[key].shape)) for key in numbers["keys"]]
    stored = [shape.strip("()").replace(", ", "x").rstrip(",") for shape in numbers["key_shapes"]]
    assert shapes == [shape if shape != "scalar" else "" for shape in stored]


def test_fill(numbers, published):
    for key, first, total in zip(numbers["keys"], numbers["fill_first4"], numbers["fill_sum"], strict=True):
        values = published[key].double().flatten()
        assert_close(values[:4], first[~np.isnan(first)], rtol=1e-6)
        assert values.sum().item() == pytest.approx(total, rel=1e-6)


@pytest.mark.parametrize("name", INPUTS)
def test_outputs(numbers, network, name):
    with torch.no_grad():
        answers = network(image(name))
        vector = EncoderFeatures(network.encoder)(image(name))
    stride = STRIDES[name]
    expected = numbers["rec_n1" if name == "n1" else f"rec_{name}_sub"]
    assert_close(answers["volume"][:, :, ::stride, ::stride, ::stride], expected, atol=1e-5, rtol=0)
    assert_close(answers["pattern"], numbers[f"logits_{name}"], atol=1e-4, rtol=0)
    assert_close(answers["pattern"].softmax(dim=1), numbers[f"prob_{name}"], atol=1e-5, rtol=0)
    assert_close(vector, numbers[f"feat512_{name}"], atol=1e-4, rtol=0)


def test_head_before_its_linear_layer(numbers, network):
    seen = []
    handle = network.pattern.linear.register_forward_pre_hook(lambda _, arguments: seen.append(arguments[0]))
    network(image("n1"))
    handle.remove()
    assert_close(seen[0], numbers["feat1024_n1"], atol=1e-4, rtol=0)


def test_stages(numbers, network):
    with torch.no_grad():
        maps = network.encoder(image("n1"))
        stages = [*(network.encoder.pool(one) for one in maps[:3]), maps[3]]
        result = maps[3]
        for step in range(3):
            result = torch.cat([network.decoder.ups[step](result), maps[2 - step]], dim=1)
            result = network.decoder.levels[step](result)
            stages.append(result)
        stages.append(network.volume(result))
    assert [tuple(stage.shape) for stage in stages] == [tuple(shape) for shape in numbers["stage_shapes_n1"]]
    assert_close([stage.mean().item() for stage in stages], numbers["stage_mean_n1"], rtol=1e-4)
    assert_close([stage.std(correction=0).item() for stage in stages], numbers["stage_std_n1"], rtol=1e-4)


def test_loss_and_gradients(numbers, network):
    network.zero_grad()
    batch = image("n2")
    targets = {"volume": batch, "pattern": torch.from_numpy(numbers["loss_labels_n2"])}
    losses = {"volume": torch.nn.MSELoss(), "pattern": torch.nn.CrossEntropyLoss()}
    loss = WeightedLoss(losses, {"volume": 1.0, "pattern": 0.01})
    total = loss(network(batch), targets)
    total.backward()
    assert loss.parts["pattern"].item() == pytest.approx(numbers["loss_ce_n2"], rel=1e-5)
    assert loss.parts["volume"].item() == pytest.approx(numbers["loss_mse_n2"], rel=1e-5)
    assert total.item() == pytest.approx(numbers["loss_total_n2"], rel=1e-5)
    gradients = {key: parameter.grad for key, parameter in network.named_parameters()}
    names = {entry.published: entry.ours for entry in LAYOUTS[0].entries(FIRST)}
    norms = [gradients[names[name]].double().norm().item() for name in numbers["grad_names"]]
    assert_close(norms, numbers["grad_norms_n2"], rtol=1e-3, atol=1e-6)


def test_buffers_follow_training_as_published_but_not_evaluation(numbers, published):
    encoder = EncoderFeatures(ConvEncoder(3, 1, width=32, norm="batch"))
    load_weights(encoder, published, parts=["encoder"])
    first = encoder.encoder.levels[0][0].adn.N
    encoder.eval()(image("n1"))
    assert_close(first.running_mean, numbers["bn0_running_mean_before"], rtol=1e-6)
    encoder.train()(image("n1"))
    assert_close(first.running_mean, numbers["bn0_running_mean_after_eval_forward"], atol=1e-6)
    assert_close(first.running_var, numbers["bn0_running_var_after_eval_forward"], rtol=1e-5)
    assert first.num_batches_tracked.item() == numbers["bn0_num_batches_tracked_after"]


def test_ordinary_batch_norm_by_running_statistics(numbers, published):
    network = build(norm="running")
    load_weights(network, published)
    before = []
    network.volume.activation.register_forward_pre_hook(lambda _, arguments: before.append(arguments[0]))
    with torch.no_grad():
        answers = network.eval()(image("n1"))
    expected = numbers["NOTREF_presigmoid_n1_runningstats_sub"]
    assert_close(before[0][:, :, ::2, ::2, ::2], expected, rtol=1e-4, atol=1e-4 * np.abs(expected).max())
    logits = numbers["NOTREF_logits_n1_runningstats"]
    assert_close(answers["pattern"], logits, rtol=1e-4, atol=1e-4 * np.abs(logits).max())


@pytest.mark.parametrize(
    ("tasks", "place"),
    [
        pytest.param(None, 0, id="both-tasks"),
        pytest.param(["volume"], 1, id="encoder-decoder"),
        pytest.param(["pattern"], 2, id="encoder-head"),
    ],
)
def test_parameter_counts(numbers, tasks, place):
    count = sum(parameter.numel() for parameter in build(tasks=tasks).parameters())
    assert count == numbers["param_counts"][place]
