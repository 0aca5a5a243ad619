"""A bundle of almost nothing, and images for it."""

import json

import numpy as np
import pytest
import torch
from monai.bundle import ConfigParser

from medssl.weights import write_weights

READ = [
    {"_target_": "LoadImaged", "keys": "image", "image_only": True},
    {"_target_": "EnsureChannelFirstd", "keys": "image", "channel_dim": "no_channel"},
]
COMMON = {
    "bundle_root": ".",
    "pretrained": "$@bundle_root + '/models/pretrained.pt'",
    "brighter": 0.0,
    "network": {"_target_": "medssl.weights.load_pretrained", "network": "@network_def", "pretrained": "@pretrained"},
    "preprocessing": {
        "_target_": "Compose",
        "transforms": [
            *READ,
            {"_target_": "ScaleIntensityd", "keys": "image", "minv": None, "maxv": None, "factor": "@brighter"},
        ],
    },
    "inferer": {"_target_": "SimpleInferer"},
}
ENCODER = {"_target_": "medssl.networks.ConvEncoder", "spatial_dims": 2, "in_channels": 1, "width": 2, "levels": 2}
HEAD = {"_target_": "medssl.networks.MapHead", "spatial_dims": 2, "in_channels": 1, "out_channels": 2}


@pytest.fixture
def bundle(tmp_path):
    """Its folder; the encoder's weights are random ones."""
    configs = {
        "features": {**COMMON, "network_def": {"_target_": "medssl.networks.EncoderFeatures", "encoder": ENCODER}},
        "inference": {**COMMON, "network": "@network_def", "network_def": {**HEAD, "dropout": 0.0}},
        "train": {},
        "metadata": {"version": "0.1.0"},
    }
    folder = tmp_path / "small"
    for part in ("configs", "models", "eval", "medssl"):
        (folder / part).mkdir(parents=True)
        (folder / part / "else.txt").write_text("x")
    for name, config in configs.items():
        (folder / "configs" / f"{name}.json").write_text(json.dumps(config))
    (folder / "models" / "model.pt").write_bytes(b"fine-tuned")
    return folder


@pytest.fixture
def images(tmp_path):
    """Paths of three images."""
    generator = np.random.default_rng(0)
    for name, level in {"a": 0.0, "b": 1.0, "c": 4.0}.items():
        np.save(tmp_path / f"{name}.npy", (level + generator.normal(size=(16, 16))).astype(np.float32))
    return [str(tmp_path / f"{name}.npy") for name in "abc"]


@pytest.fixture
def weights(bundle):
    """Writes the encoder's weights, other ones for every seed."""
    definition = json.loads((bundle / "configs" / "features.json").read_text())["network_def"]

    def write(seed):
        torch.manual_seed(seed)
        return write_weights(bundle / "models" / "pretrained.pt", ConfigParser(definition).get_parsed_content(""))

    return write
