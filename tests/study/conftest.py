"""A bundle of almost nothing, whose runs take no time."""

import json

import pytest


def dataset(*patients):
    return {"_target_": "monai.data.Dataset", "data": [{"image": name, "patient": name} for name in patients]}


CONFIG = {
    "_desc_": "Trains nothing.",
    "bundle_root": ".",
    "dataset_dir": "data",
    "output_dir": "eval",
    "models_dir": "models",
    "train_list": "none_given",
    "part": "train",
    "seed": 0,
    "pretrained": "scratch",
    "epochs": 1,
    "label_fraction": 1.0,
    "freeze_encoder": 0,
    "train": {
        "dataset": dataset("a", "a", "b"),
        "handlers": [
            {"_target_": "TensorBoardStatsHandler", "log_dir": "@output_dir"},
            {"_target_": "StatsHandler", "name": "none"},
        ],
    },
    "validate": {"dataset": dataset("c"), "handlers": []},
    "initialize": [],
    "run": ["$len(@train#handlers)"],
}


@pytest.fixture
def bundle(tmp_path):
    """Its folder."""
    configs = {
        "train": CONFIG,
        "classify": CONFIG,
        "old": {name: value for name, value in CONFIG.items() if name != "label_fraction"},
        "evaluate": {"part": "val", "run": ["$len(@validate#handlers)"]},
        "evaluate_classify": {"part": "val"},
        "demo": {"epochs": 1},
    }
    folder = tmp_path / "bundle" / "configs"
    folder.mkdir(parents=True)
    for name, config in configs.items():
        (folder / f"{name}.json").write_text(json.dumps(config))
    return folder.parent
