"""What every network and every part of one must do, over all that `medssl.networks` lists."""

import inspect
from collections.abc import Mapping

import pytest
import torch

from medssl import networks

HEADS = {"volume", "pattern", "label", "category", "embedding", "fine", "coarse"}
SIZE, CHANNELS = 8, (4, 8, 16)
DEEP = {"ResidualEncoder": 64, "MapDiscriminator": 16}  # these halve their images so often that they need larger ones
DEEP |= {"AnisotropicEncoder": 32, "SwinEncoder": 32, "WindowEncoder": 16}
ONLY_VOLUMES = {"AnisotropicEncoder", "WindowDecoder", "WindowEncoder"}
NOT_SCRIPTED = {"SwinEncoder"}  # MONAI's own layers cannot be
WIDTHS = {"SwinEncoder": 12}  # the smallest that they take
NOT_ALONE = {  # tests/networks
    "CentredTargets", "CrossCompletion", "DeepSegmentation", "Distilled", "DistilledNetwork", "KeyQueue", "Match",
    "MomentumPairing", "PairedNetwork", "QueuedMatch", "SharedPairing", "TokenHead", "TokenNetwork", "Tokens",
}  # fmt: skip
NAMES = [name for name in networks.__all__ if name not in NOT_ALONE]
MODULES = [getattr(networks, name) for name in NAMES if inspect.isclass(getattr(networks, name))]


def arguments(module, spatial_dims, **words):
    """Small values for whatever a constructor asks for, by the name of the parameter."""
    encoder = networks.ConvEncoder(spatial_dims, 1, width=2, levels=3)
    known = {
        "spatial_dims": spatial_dims,
        "in_channels": 1,
        "width": WIDTHS.get(module.__name__, 2),
        "head_channels": 2,
        "drop_path": 0.0,
        "levels": 3,
        "channels": CHANNELS,
        "out_channels": 3,
        "num_classes": 3,
        "widths": (CHANNELS[-1], 6, 4),
        "decoder_channels": (8, 4, 4),
        "hidden_channels": 5,
        "hidden_features": 7,
        "encoder": encoder,
        "decoder": networks.ConvDecoder(spatial_dims, CHANNELS),
        "map_heads": {"volume": networks.MapHead(spatial_dims, CHANNELS[0], out_channels=1)},
        "vector_heads": {"pattern": networks.ClassificationHead(CHANNELS[-1], 3)},
        **words,
    }
    if next(iter(forward(module).parameters)) == "features":
        known["in_channels"] = CHANNELS[-1]
    parameters = inspect.signature(module).parameters
    unknown = [name for name, one in parameters.items() if one.default is one.empty and name not in known]
    assert not unknown, f"add small values for {unknown} of {module.__name__} to this table"
    return {name: known[name] for name in parameters if name in known}


def forward(module):
    names = inspect.signature(module.forward)
    return names.replace(parameters=list(names.parameters.values())[1:])


def build(module, spatial_dims, **words):
    if spatial_dims == 2 and module.__name__ in ONLY_VOLUMES:
        pytest.skip("for volumes only")
    torch.manual_seed(0)
    return module(**arguments(module, spatial_dims, **words))


def batch(module, spatial_dims, count=2):
    maps = [torch.rand(count, c, *[SIZE >> depth] * spatial_dims) for depth, c in enumerate(CHANNELS)]
    images = torch.rand(count, 1, *[DEEP.get(module.__name__, SIZE)] * spatial_dims)
    vectors = torch.rand(count, CHANNELS[-1])
    flat = "widths" in inspect.signature(module).parameters
    known = {"features": maps, "image": images, "input": vectors if flat else images}
    return known[next(iter(forward(module).parameters))]


def tensors(answer):
    if isinstance(answer, torch.Tensor):
        return [answer]
    return list(answer.values()) if isinstance(answer, Mapping) else list(answer)


every = pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
planes_and_volumes = pytest.mark.parametrize("spatial_dims", [2, 3], ids=["planes", "volumes"])


@every
def test_docstring_says_shapes_and_where_it_comes_from(module):
    assert {"Shape:", "Source:"} <= {line.strip() for line in inspect.getdoc(module).splitlines()}


# What answers with a dictionary is only built for pre-training and never exported.
@pytest.mark.parametrize("module", [one for one in MODULES if "dict" not in str(forward(one).return_annotation)])
@planes_and_volumes
@pytest.mark.parametrize("training", [True, False], ids=["train", "eval"])
def test_script_answers_the_same(module, spatial_dims, training):
    if module.__name__ in NOT_SCRIPTED:
        pytest.skip("to be traced")
    network, data = build(module, spatial_dims).train(training), batch(module, spatial_dims)
    scripted = torch.jit.script(network)
    for one, other in zip(tensors(network(data)), tensors(scripted(data)), strict=True):
        torch.testing.assert_close(one, other)


@every
@planes_and_volumes
def test_gradients_reach_every_parameter(module, spatial_dims):
    network = build(module, spatial_dims).train()
    sum(answer.square().sum() for answer in tensors(network(batch(module, spatial_dims)))).backward()
    without = [name for name, one in network.named_parameters() if one.grad is None or not one.grad.isfinite().all()]
    assert not without


@every
@planes_and_volumes
@pytest.mark.parametrize("norm", ["running", "batch", "instance", "none"])
def test_evaluation_repeats_itself_and_changes_nothing(module, spatial_dims, norm):
    network, data = build(module, spatial_dims, norm=norm, dropout=0.5).eval(), batch(module, spatial_dims)
    before = {key: value.clone() for key, value in network.state_dict().items()}
    for one, other in zip(tensors(network(data)), tensors(network(data)), strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=0)
    torch.testing.assert_close(network.state_dict(), before, rtol=0, atol=0)


@every
@planes_and_volumes
def test_a_batch_of_one_in_half_precision_is_finite(module, spatial_dims):
    network, data = build(module, spatial_dims).train(), batch(module, spatial_dims, count=1)
    with torch.autocast("cpu", torch.bfloat16):
        answers = tensors(network(data))
    assert all(answer.isfinite().all() and len(answer) == 1 for answer in answers)


@pytest.mark.parametrize("module", [one for one in MODULES if "encoder" in inspect.signature(one).parameters])
def test_names_of_a_whole_networks_tensors_begin_with_the_part(module):
    prefixes = {key.split(".")[0] for key in build(module, 2).state_dict()}
    assert "encoder" in prefixes
    assert prefixes <= {"encoder", "decoder", *HEADS}
