"""MONAI's own checks and exports, on a copy of each bundle, from the copy's folder as MONAI wants it."""

import logging
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from monai.bundle import ckpt_export, load, verify_net_in_out

from tests.bundles.reading import FOLDERS

META, INFERENCE = "configs/metadata.json", "configs/inference.json"


@pytest.fixture(params=FOLDERS, ids=lambda folder: folder.name)
def bundle(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Copy a bundle and go there; `load` also sets logging up as the bundle says, which must not outlast the test."""
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", list(root.handlers))
    monkeypatch.setattr(root, "level", root.level)
    copy = shutil.copytree(request.param, tmp_path / request.param.name, ignore=shutil.ignore_patterns("eval"))
    monkeypatch.chdir(copy)
    return copy


def test_network_gives_what_metadata_says(bundle: Path):
    assert verify_net_in_out("network_def", meta_file=META, config_file=INFERENCE, device="cpu") is None


def test_torchscript_holds_the_weights_that_load_gives(bundle: Path):
    ckpt_export("network_def", filepath="model.ts", ckpt_file="models/model.pt", meta_file=META, config_file=INFERENCE)
    exported = torch.jit.load(bundle / "model.ts").state_dict()
    loaded = load(bundle.name, bundle_dir=bundle.parent, workflow_type="inference").state_dict()
    written = torch.load(bundle / "models/model.pt", weights_only=True)
    assert exported.keys() == loaded.keys() == written.keys()
    for key, tensor in loaded.items():
        assert torch.equal(exported[key], tensor), key
        assert torch.equal(written[key].to(tensor), tensor), key
