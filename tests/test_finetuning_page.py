"""The pieces of Python in docs/finetuning.md, run where the page says, and compared with our own encoders."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from medssl.networks import SwinEncoder
from medssl.weights import load_encoder, write_weights
from tests.sources import ROOT

PAGE = (ROOT / "docs" / "finetuning.md").read_text()
PIECES = re.findall(r"^```python\n# bundles/(\w+)(.*?)\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)

CUBE = torch.rand(1, 1, 32, 16, 8, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run a piece of the page in a copy of its bundle, and give what it leaves behind."""

    def run(name: str, mark: str, note: str = "") -> dict[str, Any]:
        code = next(code for bundle, beside, code in PIECES if bundle == name and mark in code and note in beside)
        folder = tmp_path / name
        for part in ("configs", "models"):
            shutil.copytree(ROOT / "bundles" / name / part, folder / part, dirs_exist_ok=True)
        if note:
            torch.manual_seed(0)
            network = nn.ModuleDict({"encoder": SwinEncoder(1, width=24)})
            write_weights(folder / "models/pretrained.pt", network)
        monkeypatch.chdir(folder)
        left: dict[str, Any] = {}
        exec(code, left)
        return left

    return run


def ours(name: str) -> nn.Module:
    """Give the encoder of a bundle with the shipped weights."""
    return load_encoder(ROOT / "bundles" / name)[0]


def pooled(levels: nn.ModuleList, image: Tensor) -> list[Tensor]:
    """Maps of convolutional levels with pooling between them."""
    maps = [levels[0](image)]
    for level in levels[1:]:
        maps.append(level(nn.functional.max_pool3d(maps[-1], 2)))
    return maps


def tensors_of(bundle: str) -> tuple[int, int]:
    """How many tensors the page's table says have a place, of how many."""
    found = re.search(rf"^\| `{bundle}`[^|]*\|[^|]*\| (\d+) of (\d+)", PAGE, flags=re.MULTILINE)
    return int(found[1]), int(found[2])


def test_every_piece_is_run_here():
    assert len(PIECES) == 5


def test_planes_in_the_basic_unet(run):
    left = run("plane_pretext", "BasicUNet")
    network, encoder, image = left["network"].eval(), ours("plane_pretext"), torch.rand(1, 1, 32, 48)
    missing, unexpected = left["network"].load_state_dict(left["renamed"], strict=False)
    assert not unexpected
    assert {key.split(".")[0].split("_")[0] for key in missing} == {"upcat", "final"}
    assert tensors_of("plane_pretext") == (len(left["renamed"]), len(encoder.state_dict()))
    with torch.no_grad():
        maps = [network.conv_0(image)]
        for level in (network.down_1, network.down_2, network.down_3, network.down_4):
            maps.append(level(maps[-1]))
        torch.testing.assert_close(maps, encoder(image), rtol=0, atol=1e-5)


def test_radiographs_in_the_resnet(run):
    left = run("dira", "ResNet")
    network, encoder, image = left["network"].eval(), ours("dira"), torch.rand(1, 1, 64, 64)
    assert tensors_of("dira") == (len(left["renamed"]), len(encoder.state_dict()))
    with torch.no_grad():
        found = network.maxpool(network.act(network.bn1(network.conv1(image))))
        for layer in (network.layer1, network.layer2, network.layer3, network.layer4):
            found = layer(found)
        torch.testing.assert_close(found, encoder(image)[-1], rtol=0, atol=1e-5)


def test_swin_in_the_unetr(run):
    left = run("alice", "SwinUNETR", note="swin")
    assert f"all of `swinViT`, {len(left['renamed'])}" in PAGE
    encoder, image = SwinEncoder(1, width=24).eval(), torch.rand(1, 1, 64, 64, 64)
    encoder.load_state_dict(left["renamed"])
    with torch.no_grad():
        answer = left["network"].eval().swinViT(image, normalize=True)
        torch.testing.assert_close(answer, encoder(image)[1:], rtol=0, atol=1e-5)


def test_cubes_in_plain_torch(run):
    levels, encoder, image = run("semantic_genesis", "OrderedDict")["levels"].eval(), ours("semantic_genesis"), CUBE
    assert tensors_of("semantic_genesis") == (0, len(encoder.state_dict()))
    with torch.no_grad():
        torch.testing.assert_close(pooled(levels, image), encoder(image), rtol=0, atol=1e-5)


def test_turned_round_for_nnunet(run, tmp_path):
    levels = run("semantic_genesis", "OrderedDict")["levels"].eval()
    run("semantic_genesis", "network_weights")
    content = torch.load(tmp_path / "semantic_genesis/nnunet.pth", weights_only=True)
    plan, begin = content["nnssl_adaptation_plan"], "encoder.levels."
    assert plan["pretrain_plan"]["configurations"]["3d_fullres"]["patch_size"] == [32, 64, 64]
    assert all(key.startswith(plan["key_to_encoder"]) for key in content["network_weights"])
    assert f"{plan['keys_to_in_proj'][0]}.weight" in content["network_weights"]
    levels.load_state_dict({key.removeprefix(begin): value for key, value in content["network_weights"].items()})
    with torch.no_grad():
        turned = [answer.permute(0, 1, 4, 3, 2) for answer in pooled(levels, CUBE.permute(0, 1, 4, 3, 2))]
        torch.testing.assert_close(turned, ours("semantic_genesis")(CUBE), rtol=0, atol=1e-5)


@pytest.mark.parametrize("path", sorted((ROOT / "bundles").glob("*/configs/metadata.json")), ids=lambda p: p.parts[-3])
def test_facts_are_those_of_the_page(path):
    facts = json.loads(path.read_text())["adaptation"]
    assert {"orientation", "value_range", "channels", "encoder_prefix", "weights"} <= facts.keys()
    weights = torch.load(path.parents[1] / facts["weights"], weights_only=True)
    assert any(key.startswith(facts["encoder_prefix"]) for key in weights)


def test_what_has_no_place_in_monai_is_counted():
    assert tensors_of("alice") == (0, len(ours("alice").state_dict()))
