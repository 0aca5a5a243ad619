"""What stands beside a bundle's configs: metadata, model card, weights with their facts."""

import json
import re
import shutil
from pathlib import Path

import pytest
from monai.bundle import verify_metadata

import medssl
from medssl.weights import verify_weights
from tests.bundles.reading import FOLDERS
from tests.sources import ROOT

SCHEMA = ROOT / "tests" / "bundles" / "meta_schema_20240725.json"
PINS = dict(re.findall(r"^([\w-]+)==(\S+)$", (ROOT / "constraints.txt").read_text(), flags=re.MULTILINE))
NAMES = {"monai": "monai", "torch": "pytorch", "numpy": "numpy"}
WEIGHTS = [path for folder in FOLDERS for path in sorted(folder.glob("models/*.pt"))]

each_bundle = pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
each_weights = pytest.mark.parametrize("path", WEIGHTS, ids=lambda path: f"{path.parents[1].name}-{path.stem}")


def read(folder: Path) -> dict:
    return json.loads((folder / "configs/metadata.json").read_text())


def numbers(version: str) -> list[int]:
    return [int(number) for number in version.split(".")]


@each_bundle
def test_monai_verifies_it(folder: Path, tmp_path: Path):
    schema = shutil.copy(SCHEMA, tmp_path)  # a schema that is already there is not fetched
    assert verify_metadata(meta_file=str(folder / "configs/metadata.json"), filepath=schema) is None


def test_monai_refuses_it_without_a_task(tmp_path: Path):
    schema = shutil.copy(SCHEMA, tmp_path)
    (tmp_path / "metadata.json").write_text('{"schema": "https://localhost/schema.json"}')
    with pytest.raises(ValueError, match="required property"):
        verify_metadata(meta_file=str(tmp_path / "metadata.json"), filepath=schema)


@each_bundle
def test_version_is_the_newest_of_its_changelog(folder: Path):
    metadata = read(folder)
    assert metadata["version"] == max(metadata["changelog"], key=numbers)


def test_package_version_is_the_newest_of_the_changelog():
    versions = re.findall(r"^## (\d+\.\d+\.\d+)", (ROOT / "docs/changelog.md").read_text(), flags=re.MULTILINE)
    assert versions == sorted(versions, key=numbers, reverse=True)
    assert versions[0] == medssl.__version__


def test_citation_names_the_package_version():
    assert f"\nversion: {medssl.__version__}\n" in (ROOT / "CITATION.cff").read_text()


@each_bundle
def test_versions_are_those_that_the_tests_ran_with(folder: Path):
    metadata = read(folder)
    named = {
        "monai": metadata["monai_version"],
        "torch": metadata["pytorch_version"],
        "numpy": metadata["numpy_version"],
    }
    stated = named | metadata["required_packages_version"]
    assert stated == {name: PINS.get(name) for name in stated}


@each_bundle
def test_names_are_those_that_monai_and_its_label_server_ask_for(folder: Path):
    metadata = read(folder)
    formats = metadata["network_data_format"]
    assert {"name", "changelog"} <= metadata.keys()
    assert (next(iter(formats["inputs"])), next(iter(formats["outputs"]))) == ("image", "pred")
    assert sorted(formats["outputs"]["pred"]["channel_def"], key=int) == [
        str(channel) for channel in range(formats["outputs"]["pred"]["num_channels"])
    ]


@each_bundle
def test_weights_ship(folder: Path):
    assert {"pretrained", "model"} <= {path.stem for path in folder.glob("models/*.pt")}


@each_weights
def test_weights_are_those_of_their_page(path: Path):
    assert verify_weights(path)["file"] == path.name
    assert path.stat().st_size <= 25e6
