import argparse
import logging

import numpy as np
import pytest
import torch

from medssl.geometry import offset_rows
from medssl.networks import (
    EncoderFeatures,
    MapHead,
    SegmentationNetwork,
    TokenNetwork,
    WindowDecoder,
    WindowEncoder,
)
from medssl.weights import convert_checkpoint, export_checkpoint, load_pretrained, load_weights, verify_weights
from medssl.weights.windowed import WINDOWED

WIDTH = 4
WORDS = {"head_channels": 2, "image_size": 32}
INDEX = "model_down.layers.2.blocks.1.attn.relative_position_index"
UNUSED = ("model_down.mask_token", *(f"final.{grid}.up.{leaf}" for grid in (1, 2) for leaf in ("weight", "bias")))


def encoder(in_channels=1):
    return WindowEncoder(in_channels, width=WIDTH, **WORDS)


def tokens(shared=False):
    parts = encoder()
    return TokenNetwork(
        parts,
        WindowDecoder(parts.channels, **WORDS),
        volume=MapHead(3, WIDTH, out_channels=1, scale=2),
        hidden=5,
        bottleneck=3,
        length=6,
        shared=shared,
    )


@pytest.fixture
def published():
    """Random tensors under the published names of backbone and head, with those that nobody uses."""
    torch.manual_seed(0)
    state, dropped = WINDOWED.to_published(tokens().state_dict())
    assert dropped == ["encoder.position"]
    return state | {key: torch.rand(2) for key in UNUSED}


def heads(state):
    return {key: tensor for key, tensor in state.items() if key.startswith("head.")}


def trained(state):
    """A file as the published trainer writes it; the teacher's two sets of prototypes are one."""
    whole = {key if key.startswith("head.") else f"backbone.{key}": tensor for key, tensor in state.items()}
    teacher = {key: 2 * tensor if tensor.is_floating_point() else tensor for key, tensor in whole.items()}
    teacher |= {key.replace("layer.", "layer2."): teacher[key] for key in teacher if "last_layer." in key}
    centres = {"center": torch.zeros(1, 6), "center2": torch.zeros(1, 1, 6)}
    return {
        "student": {f"module.{key}": tensor for key, tensor in whole.items()},
        "teacher": teacher,
        "optimizer": {"state": {0: {"step": torch.tensor(5.0)}}, "param_groups": [{"lr": np.float64(0.1)}]},
        "epoch": 7,
        "args": argparse.Namespace(arch="nnformer", lr=5e-5, out_dim=6, use_fp16=False, data=None),
        "alice_loss": centres,
    }


def extracted(state, shape):
    """The same network as the published extraction script writes it."""
    backbone = {key: tensor for key, tensor in state.items() if not key.startswith("head.")}
    if shape.startswith("student"):
        flat = {key: tensor for key, tensor in backbone.items() if "final" not in key} | {"state_dict": {}}
        left = {f"module.backbone.{key}": tensor for key, tensor in backbone.items() if "final" in key}
        left |= {f"module.{key}": tensor for key, tensor in heads(state).items()}
        return flat | left if shape == "student+head" else flat
    inside = heads(state) if shape == "teacher+head" else {}
    beside = heads(state) if shape == "teacher, head beside" else {}
    return {"state_dict": backbone | inside, **beside}


@pytest.mark.parametrize(("take", "factor"), [("", 1), ("student", 1), ("teacher", 2)])
def test_training_file_gives_the_network_that_is_asked_for(published, saved, tmp_path, caplog, take, factor):
    with caplog.at_level(logging.INFO):
        path = convert_checkpoint(saved(trained(published)), output=tmp_path / "ours.pt", take=take)
    network = load_pretrained(tokens(), path, parts=["encoder", "decoder", "volume", "tokens"])
    for ours, theirs in (
        (
            network.encoder.stages[2][1].attention.table,
            "model_down.layers.2.blocks.1.attn.relative_position_bias_table",
        ),
        (network.decoder.joins[0].attention.input.weight, "decoder.layers.2.blocks.0.attn.kv.weight"),
        (network.volume.conv.weight, "final.0.up.weight"),
        (network.tokens.decoder_tokens.weight, "head.mlp4.weight"),
        (network.tokens.last.parametrizations.weight.original1, "head.last_layer.weight_v"),
    ):
        torch.testing.assert_close(ours.data, factor * published[theirs], rtol=0, atol=0)
    facts = verify_weights(path)
    assert (facts["layout"], facts["take"], facts["missing"]) == ("Alice nnFormer", take, ["encoder.position"])
    assert {key.removeprefix("backbone.") for key in facts["dropped"]} == set(UNUSED)
    assert "encoder.position is missing" in caplog.text
    assert "attention that completes tokens was not saved" in caplog.text


def test_follower_with_one_set_of_prototypes_takes_those_for_images(published, saved, tmp_path):
    path = convert_checkpoint(saved(trained(published)), output=tmp_path / "ours.pt", take="teacher")
    follower = load_pretrained(tokens(shared=True), path, parts=["encoder", "decoder"])
    expected = 2 * published["head.last_layer.weight_v"]
    torch.testing.assert_close(follower.tokens.last.parametrizations.weight.original1.data, expected)


@pytest.mark.parametrize("shape", ["student", "student+head", "teacher", "teacher+head", "teacher, head beside"])
def test_all_extracted_shapes_are_read_and_come_back(published, saved, tmp_path, shape):
    file = saved(extracted(published, shape))
    ours = convert_checkpoint(file, output=tmp_path / "ours.pt")
    kept = {key: tensor for key, tensor in published.items() if key not in UNUSED}
    if "head" not in shape:
        kept = {key: tensor for key, tensor in kept.items() if not key.startswith("head.")}
    if shape == "student":
        kept = {key: tensor for key, tensor in kept.items() if "final" not in key}
    back = torch.load(export_checkpoint(ours, tmp_path / "theirs.pth"))["state_dict"]
    torch.testing.assert_close(back, kept, rtol=0, atol=0)
    assert load_weights(tokens(), torch.load(ours)).encoder_percent == 100


def test_unconverted_file_loads_too_and_the_table_of_places_is_reported(published, saved, caplog):
    parts = encoder(in_channels=2)
    network = SegmentationNetwork(parts, WindowDecoder(parts.channels, **WORDS), num_classes=3)
    with caplog.at_level(logging.INFO):
        load_pretrained(network, saved(trained(published)))
    assert "(100 % of the encoder's parameters)" in caplog.text
    assert "encoder.position (never in such files)" in caplog.text
    assert "1 reshaped: encoder.patches.convs.0.weight (from 1 to 2 input channels" in caplog.text
    assert not network.encoder.position.any()


@pytest.mark.parametrize(("image_size", "cells"), [(16, 8), (32, 16), (48, 24), (64, 32), (96, 32)])
def test_table_of_places_has_the_size_that_the_windows_tell(image_size, cells):
    network = EncoderFeatures(WindowEncoder(width=2, head_channels=2, image_size=image_size))
    assert WINDOWED.fresh(network.state_dict())["encoder.position"].shape == (1, 2, cells, cells, cells)


def test_constants_are_written_and_compared(published):
    assert torch.equal(published[INDEX], offset_rows(4, compatible=True).reshape(64, 64))
    corrected = published | {INDEX: offset_rows(4).reshape(64, 64)}
    with pytest.raises(ValueError, match=r"constants of the published network, got others: model_down\.layers\.2"):
        WINDOWED.to_ours(corrected)


def test_encoder_alone(published, saved, tmp_path):
    file = saved({key: tensor for key, tensor in published.items() if not key.startswith("decoder.")})
    with pytest.raises(ValueError, match=r"90 are not there: decoder\.blocks.*parts 'encoder' asks for less"):
        convert_checkpoint(file, output=tmp_path / "ours.pt")
    path = convert_checkpoint(file, output=tmp_path / "ours.pt", parts="encoder")
    assert set(torch.load(path)) == {f"encoder.{key}" for key in encoder().state_dict()}
    load_pretrained(EncoderFeatures(encoder()), path)


@pytest.mark.parametrize(
    "key",
    [
        "model_down.layers.1.blocks.0.mlp.fc1.bias",
        "decoder.layers.0.blocks.0.attn.relative_position_bias_table",
        "head.last_layer2.weight_g",
    ],
)
def test_one_missing_tensor_is_named(published, saved, tmp_path, key):
    del published[key]
    with pytest.raises(ValueError, match=r"1 are not there: (encoder\.stages\.1|decoder\.joins\.2|tokens\.token_last)"):
        convert_checkpoint(saved(published), output=tmp_path / "ours.pt")


def test_other_shape_is_named(published):
    published["decoder.layers.1.Upsample.up.weight"] = torch.ones(16, 4, 2, 2, 2)
    with pytest.raises(ValueError, match=r"Upsample\.up\.weight \(16, 4, 2, 2, 2\) instead of \(16, 8, 2, 2, 2\)"):
        WINDOWED.to_ours(published)
