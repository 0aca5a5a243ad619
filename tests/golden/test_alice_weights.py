"""Files with exactly the recorded names and shapes of Alice and SAM, converted, loaded and written again."""

import re

import numpy as np
import pytest
import torch

from medssl.geometry import offset_rows
from medssl.networks import (
    AnisotropicEncoder,
    CorrespondenceNetwork,
    CrossCompletion,
    MapHead,
    MultiTaskNetwork,
    TokenNetwork,
    WindowDecoder,
    WindowEncoder,
)
from medssl.weights import convert_checkpoint, export_checkpoint, find_layout, load_pretrained, write_weights
from medssl.weights.anisotropic import ANATOMICAL_EMBEDDING
from medssl.weights.tokens import completion_entries
from medssl.weights.windowed import WINDOWED
from tests.golden.filling import value

NEVER_USED = r"(backbone\.)?(model_down\.mask_token|final\.[12]\.up\.(weight|bias))"


@pytest.fixture(scope="module")
def numbers(golden):
    return golden("alice/alice_golden.npz")


def sizes(numbers, group):
    """Shapes by name, of one recorded layout."""
    pairs = zip(numbers[f"{group}/keys"].tolist(), numbers[f"{group}/shapes"].tolist(), strict=True)
    return {key: tuple(map(int, shape.split("x"))) if shape else () for key, shape in pairs}


def made(key, shape):
    """A tensor by the rule; an index is what the program makes of the size of its window."""
    if key.endswith("relative_position_index"):
        return offset_rows(round(shape[0] ** (1 / 3)), compatible=True).reshape(shape)
    return torch.from_numpy(value(key, shape, norm="norm" in key and key.endswith("weight")))


def backbone(words):
    encoder = WindowEncoder(**words)
    decoder = WindowDecoder(encoder.channels, **{key: words[key] for key in words if key != "width"})
    return encoder, decoder, MapHead(3, decoder.out_channels, out_channels=1, scale=2)


@pytest.fixture(scope="module")
def tiny(numbers):
    return {key: made(key, shape) for key, shape in sizes(numbers, "nnformer_tiny/layout").items()}


@pytest.fixture(scope="module")
def published_size():
    """Shapes by name of our network of the published size, but for the table of places."""
    encoder, decoder, volume = backbone({"width": 48})
    state = TokenNetwork(encoder, decoder, volume=volume).state_dict()
    return {key: tensor.shape for key, tensor in state.items() if key != "encoder.position"}


@pytest.mark.parametrize("side", ["student", "teacher"])
def test_recorded_names_of_a_training_file_are_all_known(numbers, published_size, side):
    shapes = sizes(numbers, f"e2e/{side}_layout")
    assert len(shapes) == 265
    ours, dropped = WINDOWED.to_ours({key: made(key, shape) for key, shape in shapes.items()})
    assert {key: tensor.shape for key, tensor in ours.items()} == published_size
    assert len(dropped) == 5
    assert all(re.fullmatch(NEVER_USED, key) for key in dropped)


def test_recorded_names_of_embeddings_are_all_known(numbers):
    shapes = sizes(numbers, "samnet/layout")
    assert len(shapes) == 138
    state = {key: torch.empty(shape, device="meta") for key, shape in shapes.items()}
    assert find_layout(state) is ANATOMICAL_EMBEDDING
    ours, dropped = ANATOMICAL_EMBEDDING.to_ours(state)
    with torch.device("meta"):
        network = CorrespondenceNetwork(AnisotropicEncoder(width=64), length=128).state_dict()
    assert dropped == []
    assert {key: tensor.shape for key, tensor in ours.items()} == {key: tensor.shape for key, tensor in network.items()}
    back, dropped = ANATOMICAL_EMBEDDING.to_published(network)
    assert dropped == []
    assert {key: tuple(tensor.shape) for key, tensor in back.items()} == shapes


def test_recorded_names_of_the_completion_are_those_in_use(numbers):
    shapes = sizes(numbers, "casa_full/layout")
    table = {entry.published: entry.ours for entry in completion_entries()}
    network = {f"completion.{key}": tuple(one.shape) for key, one in CrossCompletion().state_dict().items()}
    assert {table[key]: shape for key, shape in shapes.items() if key in table} == network
    assert {key.partition(".")[0] for key in shapes if key not in table} == {
        f"projection_{side}{end}" for side in ("student", "teacher") for end in ("", "_out")
    }


def test_recorded_backbone_there_and_back(tiny, tmp_path):
    torch.save({"state_dict": tiny}, tmp_path / "theirs.pth")
    ours = convert_checkpoint(tmp_path / "theirs.pth", output=tmp_path / "ours.pt")
    back = torch.load(export_checkpoint(ours, tmp_path / "back.pth"))["state_dict"]
    kept = {key: tensor for key, tensor in tiny.items() if not re.fullmatch(NEVER_USED, key)}
    torch.testing.assert_close(back, kept, rtol=0, atol=0)


def test_converted_backbone_gives_the_recorded_numbers(numbers, tiny, tmp_path):
    student = {f"module.backbone.{key}": tensor for key, tensor in tiny.items()}
    torch.save({"student": student, "teacher": tiny, "epoch": 3}, tmp_path / "theirs.pth")
    path = convert_checkpoint(tmp_path / "theirs.pth", output=tmp_path / "ours.pt")
    places = torch.from_numpy(value("model_down.absolute_pos_embed", (1, 16, 16, 16, 12), norm=False))
    state = torch.load(path)
    assert not state["encoder.position"].any()
    path = write_weights(tmp_path / "whole.pt", state | {"encoder.position": places.movedim(-1, 1)})
    encoder, decoder, volume = backbone({"width": 12, "head_channels": 2, "image_size": 32})
    network = load_pretrained(
        MultiTaskNetwork(encoder, decoder, map_heads={"volume": volume}), path, parts=["encoder", "decoder", "volume"]
    ).eval()
    image = np.random.Generator(np.random.PCG64(7)).random((1, 1, 32, 32, 32)).astype(np.float32)
    with torch.no_grad():
        features = network.encoder(torch.from_numpy(image))
        restored = network.volume(network.decoder(features))
    np.testing.assert_allclose(features[-1], numbers["nnformer_tiny/bottleneck"], rtol=0, atol=1e-5)
    np.testing.assert_allclose(restored, numbers["nnformer_tiny/recon"], rtol=0, atol=1e-5)
