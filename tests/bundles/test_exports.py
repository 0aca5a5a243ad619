"""MONAI's own checks and exports, on a copy of each bundle, from the copy's folder as MONAI wants it."""

import logging
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from monai.bundle import ConfigParser, ckpt_export, load, onnx_export, verify_net_in_out

from medssl.weights import export_checkpoint
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


@pytest.fixture(params=["inference", "features"])
def exported(bundle: Path, request: pytest.FixtureRequest) -> dict[str, str]:
    """Words of MONAI's exports: for the fine-tuned network, and for the pre-trained encoder."""
    weights = "models/model.pt"
    if request.param == "features":
        weights = str(export_checkpoint("models/pretrained.pt", "encoder.pt", form="encoder"))
    return {"ckpt_file": weights, "meta_file": META, "config_file": f"configs/{request.param}.json"}


def network_of(words: dict[str, str]) -> tuple[torch.nn.Module, torch.Tensor]:
    """Network of a config with its weights, and the smallest image that it takes."""
    parser = ConfigParser()
    parser.read_config(words["config_file"])
    parser.read_meta(META)
    network = parser.get_parsed_content("network_def").eval()
    weights = torch.load(words["ckpt_file"], weights_only=True)
    network.load_state_dict({key: tensor.to(network.state_dict()[key]) for key, tensor in weights.items()})
    wanted = parser["_meta_#network_data_format#inputs#image"]
    sides = [eval(side, {"n": 1}) if isinstance(side, str) else side for side in wanted["spatial_shape"]]
    slices = [3] if parser.get("network_def#by_slice", False) else []
    generator = torch.Generator().manual_seed(0)
    return network, torch.rand(1, wanted["num_channels"], *sides, *slices, generator=generator)


def test_encoder_and_network_answer_the_same_as_torchscript(exported: dict[str, str]):
    ckpt_export("network_def", filepath="exported.ts", **exported)
    network, image = network_of(exported)
    with torch.no_grad():
        torch.testing.assert_close(torch.jit.load("exported.ts").eval()(image), network(image), rtol=0, atol=1e-5)


def test_encoder_and_network_answer_the_same_as_onnx(exported: dict[str, str]):
    for name in ("onnx", "onnxscript", "onnxruntime"):
        pytest.importorskip(name, reason=f"needs {name}: pip install 'medssl[onnx]'")
    from onnxruntime import InferenceSession

    network, image = network_of(exported)
    onnx_export("network_def", filepath="exported.onnx", input_shape=list(image.shape), **exported)
    session = InferenceSession("exported.onnx", providers=["CPUExecutionProvider"])
    answer = session.run(None, {session.get_inputs()[0].name: image.numpy()})[0]
    with torch.no_grad():
        torch.testing.assert_close(torch.from_numpy(answer), network(image), rtol=0, atol=1e-4)
