"""A bundle as small as it can be that may be released."""

import json
from pathlib import Path

import pytest
import torch

from medssl import __version__
from medssl.weights import write_weights

RUNS = {
    "package": {"_target_": "medssl.weights.require_package", "version": "0.1"},
    "bundle_root": ".",
    "models_dir": "$@bundle_root + '/models'",
    "device": "cpu",
    "pretrained": "$@models_dir + '/model.pt'",
    "width": 3,
    "network_def": {
        "_target_": "torch.nn.ModuleDict",
        "_requires_": "@package",
        "modules": {"encoder": {"_target_": "torch.nn.Linear", "in_features": 2, "out_features": "@width"}},
    },
    "network": {
        "_target_": "medssl.weights.load_pretrained",
        "network": "@network_def",
        "pretrained": "@pretrained",
        "parts": ["encoder"],
    },
    "run": [],
}
METADATA = {
    "version": "1.2.3",
    "changelog": {"1.2.3": "new"},
    "medssl_version": __version__,
    "monai_version": "1.6.1",
    "pytorch_version": "2.13.0",
    "numpy_version": "2.4.6",
    "required_packages_version": {"fire": "0.7.1"},
}
OVERLAYS = ("evaluate", "evaluate_classify", "multi_gpu_pretrain", "multi_gpu_train", "demo", "paper")
CARD = "# Model Overview\n\n- **Tags**: CT, self-supervised\n\nSee [the licence](data_license.txt).\n"


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """Write a bundle that keeps all rules, in a repository with a changelog."""
    folder = tmp_path / "repository" / "bundles" / "small"
    configs = dict.fromkeys(("pretrain", "train", "classify", "inference", "features"), RUNS)
    pages = {**configs, **{name: {"seed": 0} for name in OVERLAYS}, "metadata": METADATA}
    texts = {f"configs/{name}.json": json.dumps(page, indent=4) for name, page in pages.items()}
    texts |= {"configs/logging.conf": "", "docs/README.md": CARD, "docs/data_license.txt": "free", "LICENSE": "free"}
    texts |= {"eval/run.json": "{}", "docs/.draft.md": "", "../../docs/changelog.md": f"## {__version__}\n\n## 1.2.3\n"}
    for name, text in texts.items():
        (folder / name).resolve().parent.mkdir(parents=True, exist_ok=True)
        (folder / name).resolve().write_text(text)
    for name in ("pretrained", "model"):
        state = {"encoder.weight": torch.ones(3, 2), "encoder.bias": torch.zeros(3)}
        write_weights(folder / f"models/{name}.pt", state)
    return folder
