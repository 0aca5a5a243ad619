"""The guards over every bundle found, and for each guard a bundle that breaks it."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from medssl.checks import config_items as items
from tests.bundles.guards import GUARDS
from tests.bundles.reading import FOLDERS, Bundle
from tests.duplicates import shared_runs
from tests.sources import ROOT

BUNDLES = [Bundle(folder) for folder in FOLDERS]
SKELETON = [
    block for path in (ROOT / "tests/bundles/skeleton").glob("*.json") for block in json.loads(path.read_text())
]

Guard = Callable[[Bundle], Iterator[str]]

BASE = {
    "package": {"_target_": "medssl.weights.require_package", "version": "0.1"},
    "task": "",
    "bundle_root": ".",
    "dataset_dir": "$@bundle_root + '/data'",
    "output_dir": "$@bundle_root + '/eval/' + @task",
    "models_dir": "$@bundle_root + '/models'",
    "seed": 0,
    "device": "cpu",
    "width": 8,
    "network_def": {"_target_": "SegResNet", "_requires_": "@package", "init_filters": "@width"},
    "loss": {"_target_": "torch.nn.MSELoss"},
    "train": {"handlers": [{"_target_": "StatsHandler"}], "loss": "@loss"},
    "initialize": ["$monai.utils.set_determinism(@seed)"],
    "run": ["$print(@dataset_dir, @output_dir, @models_dir, @network_def)"],
}
OVERLAYS = {
    "evaluate": {"task": "evaluate", "run": ["$print(@network_def, @dataset_dir, @output_dir, @models_dir)"]},
    "evaluate_classify": {"task": "evaluate_classify", "train#loss": "$@loss"},
    "multi_gpu_pretrain": {"device": "cuda"},
    "multi_gpu_train": {"train#loss": "$@loss"},
    "demo": {"output_dir": "demo/out", "models_dir": "demo/models", "width": 4},
    "paper": {"_desc_": {"width": "section 4"}, "width": 32},
}
BREACHES = [
    pytest.param("has_what_is_promised", "features", None, id="file-missing"),
    pytest.param("uses_every_key", "train", {"spare": 1}, id="unused-key"),
    pytest.param("uses_every_key", "train", {"loss": "@nowhere"}, id="dangling-reference"),
    pytest.param("uses_every_key", "evaluate", {"spare": 1}, id="unused-key-of-an-overlay"),
    pytest.param("overlays_name_what_is_there", "multi_gpu_train", {"train#sampler": 1}, id="path-not-in-base"),
    pytest.param("overlays_name_what_is_there", "evaluate", {"+imports": ["$import os"]}, id="addition-to-nothing"),
    pytest.param("overlays_name_what_is_there", "multi_gpu_other", {"rank": 1}, id="overlay-on-nothing"),
    pytest.param("demo_and_paper_hold_words_only", "demo", {"epochs": 1}, id="word-of-no-config"),
    pytest.param("demo_and_paper_hold_words_only", "paper", {"network_def": {}}, id="block-in-paper"),
    pytest.param("demo_and_paper_hold_words_only", "demo", {"train#loss": "a"}, id="path-in-demo"),
    pytest.param("demo_writes_to_scratch", "demo", {"models_dir": None}, id="demo-overwrites-weights"),
    pytest.param("paper_names_its_sources", "paper", {"seed": 1}, id="no-source"),
    pytest.param("paper_names_its_sources", "paper", {"width": None}, id="source-of-nothing"),
    pytest.param("keeps_the_order", "train", {"amp": False}, id="word-behind-blocks"),
    pytest.param("keeps_the_order", "train", {"momentum": 1}, id="own-word-behind-blocks"),
    pytest.param("has_the_common_words", "train", {"device": None}, id="no-device"),
    pytest.param("has_the_common_words", "train", {"network_def": {"_target_": "UNet"}}, id="no-version-guard"),
    pytest.param("writes_to_its_own_folder", "train", {"output_dir": "eval/other"}, id="shared-output"),
    pytest.param("writes_to_its_own_folder", "evaluate", {"task": "train"}, id="evaluation-into-training"),
    pytest.param("weights_fit_everywhere", "train", {"width": 9}, id="word-of-two-values"),
    pytest.param("choices_are_plain_and_used", "train", {"displayable_configs": {"rate": "@width"}}, id="no-choice"),
    pytest.param("choices_are_plain_and_used", "train", {"displayable_configs": {"rate": 1}}, id="idle-choice"),
    pytest.param("handlers_are_literal", "train", {"train": {"handlers": "$[1]"}}, id="handlers-by-expression"),
    pytest.param("reaches_us_by_target_only", "train", {"imports": ["$import medssl"]}, id="import"),
    pytest.param("reaches_us_by_target_only", "train", {"loss": "%other.json#loss"}, id="macro"),
    pytest.param("reaches_us_by_target_only", "evaluate", {"train::loss": 1}, id="separator"),
    pytest.param("nothing_has_a_word", "train", {"store": "None"}, id="none"),
    pytest.param("nothing_has_a_word", "train", {"resume": "false"}, id="quoted-switch"),
    *(
        pytest.param("targets_are_there_and_fit", "train", {"loss": component}, id=id_)
        for id_, component in {
            "no-such-target": {"_target_": "torch.nn.Nowhere"},
            "long-name": {"_target_": "monai.losses.DiceLoss"},
            "inner-name": {"_target_": "medssl.losses.weighted.WeightedLoss", "losses": {}, "weights": {}},
            "too-few-arguments": {"_target_": "UNet", "spatial_dims": 3},
            "unknown-argument": {"_target_": "torch.nn.MSELoss", "gain": 1},
            "unknown-to-all-bases": {"_target_": "DiceCELoss", "gain": 1},
            "unknown-behind-kwargs": {"_target_": "EnsureChannelFirstd", "keys": "image", "gain": 1},
        }.items()
    ),
]


def write_bundle(folder: Path, name: str, change: dict[str, Any] | None) -> Bundle:
    """Write a bundle that keeps all rules but for one config; changed keys of None, or all, are left out."""
    bases = ("pretrain", "train", "classify", "inference", "features")
    configs = {base: BASE | {"task": base} for base in bases} | OVERLAYS
    changed = {key: value for key, value in (configs.get(name, {}) | (change or {})).items() if value is not None}
    texts = {f"configs/{stem}.json": json.dumps(config) for stem, config in (configs | {name: changed}).items()}
    others = ["configs/metadata.json", "configs/logging.conf", "docs/README.md", "docs/data_license.txt", "LICENSE"]
    for path, text in (texts | dict.fromkeys(others, "{}")).items():
        (folder / path).parent.mkdir(exist_ok=True, parents=True)
        (folder / path).write_text(text)
    if change is None:
        (folder / f"configs/{name}.json").unlink()
    return Bundle(folder)


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.__name__)
@pytest.mark.parametrize("bundle", BUNDLES, ids=lambda bundle: bundle.folder.name)
def test_configs_keep(bundle: Bundle, guard: Guard):
    complaints = list(guard(bundle))
    assert not complaints, "\n".join(complaints)


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.__name__)
def test_good_bundle_passes(guard: Guard, tmp_path: Path):
    assert list(guard(write_bundle(tmp_path, "train", {}))) == []


@pytest.mark.parametrize(("name", "config", "change"), BREACHES)
def test_guard_notices(name: str, config: str, change: dict[str, Any] | None, tmp_path: Path):
    guard = next(guard for guard in GUARDS if guard.__name__ == name)
    assert list(guard(write_bundle(tmp_path, config, change)))


def test_every_guard_is_shown_to_fail():
    assert {breach.values[0] for breach in BREACHES} == {guard.__name__ for guard in GUARDS}


def off_skeleton(bundle: Bundle, skeleton: list[dict[str, Any]]) -> list[str]:
    """Name the components whose kind the skeleton has, but not like this."""
    kinds = {block["_target_"] for block in skeleton}
    parts = [(f"{name}: {id_}", part) for name, config in bundle.configs.items() for id_, part in items(config)]
    components = [(place, part) for place, part in parts if isinstance(part, dict) and part.get("_target_") in kinds]
    return [f"{place}: {part['_target_']}" for place, part in components if part not in skeleton]


@pytest.mark.parametrize("bundle", BUNDLES, ids=lambda bundle: bundle.folder.name)
def test_skeleton_is_kept(bundle: Bundle):
    other = off_skeleton(bundle, SKELETON)
    assert not other, "not as in tests/bundles/skeleton:\n" + "\n".join(other)


def test_a_bent_skeleton_is_noticed(tmp_path: Path):
    bundle = write_bundle(tmp_path, "train", {"loss": {"_target_": "torch.nn.MSELoss", "reduction": "sum"}})
    assert off_skeleton(bundle, [{"_target_": "torch.nn.MSELoss"}]) == ["train: loss: torch.nn.MSELoss"]


def test_skeleton_holds_nothing_that_no_bundle_has():
    parts = [part for bundle in BUNDLES for config in bundle.configs.values() for _, part in items(config)]
    assert [block for block in SKELETON if block not in parts] == []


def without_skeleton(config: Any) -> Any:
    if config in SKELETON:
        return "skeleton"
    if isinstance(config, dict):
        return {key: without_skeleton(value) for key, value in config.items()}
    return [without_skeleton(value) for value in config] if isinstance(config, list) else config


def own_lines(bundle: Bundle) -> list[tuple[int, str]]:
    """Lines of a bundle's configs without the plain words and the skeleton, numbers made alike."""
    blocks = {
        f"{bundle.folder.name}/{name}/{key}": without_skeleton(value)
        for name, config in bundle.configs.items()
        for key, value in config.items()
        if isinstance(value, dict | list)
    }
    whole = json.dumps(blocks, indent=1).splitlines()
    lines = [line for line in whole if '"skeleton"' not in line and any(map(str.isalnum, line))]
    return [(number, re.sub(r"-?\d+(\.\d+)?", "0", line.strip())) for number, line in enumerate(lines, 1)]


def test_no_near_copies_of_blocks():
    copies = shared_runs({bundle.folder.name: own_lines(bundle) for bundle in BUNDLES}, length=12, varied=8)
    assert not copies, "lines of the configs' blocks: " + "\n".join(copies)


def test_a_copied_block_is_noticed(tmp_path: Path):
    block = {"extra": {letter: [letter, "@seed"] for letter in "abcdefgh"}}
    bundles = [write_bundle(tmp_path / name, "train", block) for name in ("first", "second")]
    assert shared_runs({bundle.folder.name: own_lines(bundle) for bundle in bundles}, length=12, varied=8)


@pytest.mark.parametrize("name", ["logging.conf", "multi_gpu_pretrain.json", "multi_gpu_train.json"])
def test_same_bytes_in_every_bundle(name: str):
    assert len({(folder / "configs" / name).read_bytes() for folder in FOLDERS}) == 1


def test_demo_has_the_same_keys_everywhere():
    assert len({frozenset(bundle.configs.get("demo", ())) for bundle in BUNDLES}) == 1
