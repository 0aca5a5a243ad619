"""A bundle whose network is one convolution, and volumes to read."""

import gzip
import json
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np

AFFINE = np.diag([2.0, 2.0, 3.0, 1.0])
PRETRAIN: dict[str, Any] = {
    "imports": ["$import operator"],
    "bundle_root": ".",
    "dataset_dir": "$@bundle_root + '/data'",
    "output_dir": "$@bundle_root + '/eval/pretrain'",
    "label_glob": "none_given",
    "cases": {
        "_target_": "medssl.data.find_cases",
        "dataset_dir": "@dataset_dir",
        "patterns": {"image": "*_ct.nii.gz", "label": "@label_glob"},
    },
    "device": "$torch.device('cpu')",
    "resume": False,
    "pretrained": "scratch",
    "store": "$@output_dir + '/store'",
    "epochs": 3,
    "batch_size": 4,
    "num_workers": 0,
    "learning_rate": "@displayable_configs#learning_rate",
    "channels_last": "$str(@device) == 'cpu'",
    "repeats": "$max(1, 8 // len(@split['train']))",
    "cache_rate": 1.0,
    "grid": {"spacing": [4.0, 4.0, 3.0], "window_hu": [-125, 225], "cube": [8, 8, 8]},
    "organs": ["liver"],
    "switches": {
        "_target_": "medssl.weights.require_switches",
        "resume": "@resume",
        "channels_last": "@channels_last",
        "beside": "$@grid['window_hu'] == 'percentiles'",
    },
    "split": {"_target_": "medssl.data.split_cases", "cases": "@cases"},
    "network_def": {
        "_target_": "torch.nn.Conv3d",
        "_requires_": "@switches",
        "in_channels": 1,
        "out_channels": 2,
        "kernel_size": 3,
    },
    "network": {
        "_target_": "medssl.weights.load_pretrained",
        "network": "@network_def",
        "pretrained": "@pretrained",
        "parts": "$['weight'] if @store else @organs",
    },
    "optimizer": {"_target_": "torch.optim.SGD", "params": "$@network.parameters()", "lr": "@learning_rate"},
    "train": {
        "preprocessing": {"_target_": "Compose", "transforms": [{"_target_": "LoadImaged", "keys": "image"}]},
        "dataset": {
            "_target_": "medssl.data.KeyedDataset",
            "data": "$@split['train'] * @repeats",
            "transform": "@train#preprocessing",
            "cache_rate": "@cache_rate",
        },
        "dataloader": {
            "_target_": "medssl.data.KeyedLoader",
            "dataset": "@train#dataset",
            "batch_size": "@batch_size",
            "num_workers": "@num_workers",
        },
        "inferer": {"_target_": "SimpleInferer"},
        "trainer": {
            "_target_": "SupervisedTrainer",
            "device": "@device",
            "max_epochs": "@epochs",
            "train_data_loader": "@train#dataloader",
            "network": "@network",
            "optimizer": "@optimizer",
            "loss_function": {"_target_": "torch.nn.MSELoss"},
        },
    },
    "initialize": ["$monai.utils.set_determinism(seed=0)"],
    "run": ["$@train#trainer.run()", "$operator.lt(1, 2)"],
    "displayable_configs": {"learning_rate": 0.1},
}
METADATA = {
    "network_data_format": {"inputs": {"image": {"num_channels": 1}}},
    "adaptation": {"patch_size": [8, 8, 8], "spacing_mm": [4.0, 4.0, 3.0]},
}


def write_bundle(folder: Path, changes: dict[str, Any] | None = None, **others: dict[str, Any]) -> Path:
    """Write a bundle; changed entries of None are left out of its ``pretrain.json``, other configs are added."""
    changed = {key: value for key, value in (PRETRAIN | (changes or {})).items() if value is not None}
    (folder / "configs").mkdir(parents=True, exist_ok=True)
    for name, content in {"pretrain": changed, "metadata": METADATA, **others}.items():
        (folder / f"configs/{name}.json").write_text(json.dumps(content))
    return folder


def write_volume(path: Path, shape: tuple[int, ...] = (12, 11, 10), *, low: int = -1000) -> Path:
    """Write a volume of noise."""
    values = np.random.default_rng(len(path.name)).integers(low, low + 2000, shape).astype(np.int16)
    path.parent.mkdir(parents=True, exist_ok=True)
    nib.Nifti1Image(values, AFFINE).to_filename(path)
    return path


def cut_off(path: Path, *, keep: float = 0.5) -> Path:
    """Leave out the end of a file."""
    content = path.read_bytes()
    path.write_bytes(content[: int(keep * len(content))])
    return path


def in_two_parts(path: Path) -> Path:
    """Compress a file anew as two members, as bgzip does, so that its end says little of its size."""
    content = gzip.decompress(path.read_bytes())
    path.write_bytes(gzip.compress(content[:500]) + gzip.compress(content[500:]))
    return path
