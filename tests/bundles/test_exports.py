"""MONAI's own checks and exports, on a copy of each bundle, from the copy's folder as MONAI wants it."""

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
    """Copy a bundle and go there; one bundle's parts must not be found in another's folder."""
    copy = shutil.copytree(request.param, tmp_path / request.param.name, ignore=shutil.ignore_patterns("eval"))
    monkeypatch.chdir(copy)
    return copy


def test_network_gives_what_metadata_says(bundle: Path):
    assert verify_net_in_out("network_def", meta_file=META, config_file=INFERENCE, device="cpu") is None


def test_torchscript_agrees_with_the_network(bundle: Path):
    ckpt_export("network_def", filepath="model.ts", ckpt_file="models/model.pt", meta_file=META, config_file=INFERENCE)
    exported = torch.jit.load(bundle / "model.ts").eval()
    network = load(bundle.name, bundle_dir=bundle.parent, workflow_type="inference").network_def.eval()
    network.load_state_dict(torch.load(bundle / "models/model.pt", weights_only=True))
    assert exported.state_dict().keys() == network.state_dict().keys()
    assert all(torch.equal(exported.state_dict()[key], value) for key, value in network.state_dict().items())
