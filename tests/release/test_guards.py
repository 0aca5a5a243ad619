"""Each way in which a bundle is not ready, with the reason that must be given."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from medssl.release import missing_files, require_packable
from medssl.release.guards import MAX_OTHER, MAX_WEIGHTS
from medssl.weights import write_weights


def change(folder: Path, name: str, **words: Any) -> None:
    """Set words of a config; those of None are taken out."""
    path = folder / f"configs/{name}.json"
    config = {**json.loads(path.read_text()), **words}
    path.write_text(json.dumps({word: value for word, value in config.items() if value is not None}, indent=4))


def heavy_weights(folder: Path) -> None:
    write_weights(folder / "models/model.pt", {"encoder.weight": torch.zeros(int(MAX_WEIGHTS) // 4 + 1)})


def other_weights(folder: Path) -> None:
    write_weights(folder / "models/model.pt", {"encoder.weight": torch.zeros(4, 2), "encoder.bias": torch.zeros(4)})


def write(name: str, text: str) -> Callable[[Path], Any]:
    return lambda folder: (folder / name).write_text(text)


def remove(name: str) -> Callable[[Path], Any]:
    return lambda folder: (folder / name).unlink()


BREACHES = {
    "config-missing": (remove("configs/paper.json"), "configs/paper.json is missing"),
    "licence-missing": (remove("docs/data_license.txt"), "docs/data_license.txt is missing"),
    "weights-missing": (remove("models/model.pt"), "models/model.pt is missing; train it"),
    "config-unreadable": (write("configs/demo.json", "{'a': 1}"), "configs/demo.json is no JSON"),
    "config-is-a-list": (write("configs/demo.json", "[1]"), "configs/demo.json needs words and values, got a list"),
    "page-unreadable": (write("models/model.json", "{"), "models/model.json is no JSON"),
    "version-not-in-its-changelog": (
        lambda folder: change(folder, "metadata", version="1.2.4"),
        r"needs a line of its changelog on version 1\.2\.4; say there what is new",
    ),
    "version-not-in-the-changelog": (
        lambda folder: change(folder, "metadata", version="1.2.4", changelog={"1.2.4": "a"}),
        r"changelog\.md needs a heading for version 1\.2\.4",
    ),
    "no-changelog": (remove("../../docs/changelog.md"), "no changelog at docs/changelog.md.*--changelog"),
    "no-version": (lambda folder: change(folder, "metadata", version="1"), r"version such as 1\.2\.3, got '1'"),
    "fact-missing": (lambda folder: change(folder, "metadata", numpy_version=None), "needs the word 'numpy_version'"),
    "made-with-another-package": (
        lambda folder: change(folder, "metadata", medssl_version="0.0.1"),
        r"needs medssl_version .*, which is packed, got '0\.0\.1'",
    ),
    "absolute-path": (
        lambda folder: change(folder, "train", dataset_dir="/data/ct"),
        r"train\.json: dataset_dir is the absolute path '/data/ct'; begin it with @bundle_root",
    ),
    "absolute-path-deep-inside": (
        lambda folder: change(folder, "demo", cases={"lists": ["C:\\scans"]}),
        r"demo\.json: cases#lists#0 is the absolute path",
    ),
    "home-of-somebody": (lambda folder: change(folder, "train", dataset_dir="~/ct"), "the absolute path '~/ct'"),
    "path-in-an-expression": (
        lambda folder: change(folder, "train", dataset_dir="$'" + "/".join(["", "home", "me", "ct'"])),
        r"configs/train\.json holds '.*me/ct.*a path of one machine",
    ),
    "path-in-a-card": (
        write("docs/README.md", "see " + "/".join(["", "home", "me", "ct"])),
        r"docs/README\.md holds",
    ),
    "link-out-of-the-bundle": (
        write("docs/README.md", "[a](../../a.md)"),
        r"\.\./a\.md, which is not in",
    ),
    "dead-link": (write("docs/README.md", "[a](a.png)"), r"links to a\.png"),
    "weights-too-large": (
        heavy_weights,
        r"model\.pt has 25\.0 MB, at most 25 are allowed; store half",
    ),
    "picture-too-large": (
        lambda folder: (folder / "docs/a.png").write_bytes(b"0" * (int(MAX_OTHER) + 1)),
        r"docs/a\.png has 5\.0 MB, at most 5 are allowed; shrink it",
    ),
    "weights-changed": (
        lambda folder: (folder / "models/model.pt").write_bytes(b"other"),
        r"models/model: model\.pt needs sha256 .* as model\.json says, got",
    ),
    "weights-without-a-page": (remove("models/model.json"), r"needs model\.pt and model\.json beside it"),
    "page-of-nothing": (write("models/old.json", "{}"), r"needs old\.pt and old\.json beside it"),
    "weights-of-another-network": (
        other_weights,
        r"inference\.json and the weights disagree: model\.pt needs",
    ),
    "config-of-another-network": (
        lambda folder: change(folder, "features", width=5),
        r"features\.json and the weights disagree",
    ),
    "no-network": (lambda folder: change(folder, "train", network=None), r"train\.json needs a word 'network'"),
    "no-version-guard": (
        lambda folder: change(folder, "classify", package=None),
        r"classify\.json needs a 'package' \(_target_ medssl\.weights\.require_package",
    ),
}


def test_a_bundle_in_order_may_be_packed(bundle: Path):
    assert list(missing_files(bundle)) == []
    assert require_packable(bundle) is None


@pytest.mark.parametrize(("breach", "reason"), BREACHES.values(), ids=BREACHES.keys())
def test_it_is_refused_with_the_reason(bundle: Path, breach: Callable[[Path], Any], reason: str):
    breach(bundle)
    with pytest.raises(ValueError, match=rf"small cannot be packed yet:\n(?s:.*){reason}"):
        require_packable(bundle)


def test_all_reasons_of_a_kind_come_at_once(bundle: Path):
    for name in ("paper", "demo"):
        (bundle / f"configs/{name}.json").unlink()
    with pytest.raises(ValueError, match=r"- configs/demo\.json is missing\n- configs/paper\.json is missing"):
        require_packable(bundle)


def test_the_changelog_may_lie_elsewhere(bundle: Path, tmp_path: Path):
    page = (bundle / "../../docs/changelog.md").resolve().rename(tmp_path / "news.md")
    assert require_packable(bundle, changelog=page) is None
