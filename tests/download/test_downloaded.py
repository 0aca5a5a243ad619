"""A downloaded bundle does what it promises where this package is not installed."""

import json
import shutil
from pathlib import Path
from zipfile import ZipFile

import nibabel as nib
import numpy as np
import pytest
from PIL import Image

from medssl.release import verify_archive
from tests.download.downloading import Download

pytestmark = pytest.mark.download

LOADING = """
import os, sys
from monai.bundle import load, verify_net_in_out
folder = sys.argv[1]
words = dict(bundle_dir=os.path.dirname(folder), workflow_type="inference")
try:
    load(os.path.basename(folder), **words)
except Exception as error:
    print("elsewhere:", error, error.__cause__)
os.chdir(folder)
network = load(os.path.basename(folder), **words)
print("here:", type(network).__name__, sys.modules["medssl"].__file__)
verify_net_in_out("network_def", meta_file="configs/metadata.json", config_file="configs/inference.json", device="cpu")
print("verified")
"""
LARGE = 200_000  # voxels


@pytest.fixture(params=["root", "elsewhere"])
def where(request, download, tmp_path) -> Path:
    """The bundle's own folder, or another."""
    return download.folder if request.param == "root" else tmp_path


def scratch(folder: Path) -> dict[str, str]:
    return {"output_dir": str(folder), "models_dir": str(folder)}


@pytest.fixture(scope="module")
def small_image(prepared, tmp_path_factory) -> Path:
    """A folder with one small image of the sample, listed as it was there."""
    sample, folder = prepared.folder / "eval/demo/sample", tmp_path_factory.mktemp("small")
    cases = json.loads((sample / "dataset.json").read_text())["cases"]
    case = next((case for case in cases if "label" in case), cases[0])
    image = folder / Path(case["image"]).name
    if image.name.endswith(".nii.gz"):
        volume = nib.load(sample / case["image"])
        middle = [slice(size // 2 - 5, size // 2 + 5) for size in volume.shape]
        nib.save(volume.slicer[tuple(middle)] if np.prod(volume.shape) > LARGE else volume, image)
    else:
        shutil.copy(sample / case["image"], image)
    facts = {key: value for key, value in case.items() if key not in {"label", "displacement"}}
    (folder / "dataset.json").write_text(json.dumps({"cases": [{**facts, "image": image.name}]}))
    return folder


def size(path: Path) -> tuple[int, ...]:
    return Image.open(path).size if path.suffix == ".png" else nib.load(path).shape


def test_what_came_is_what_was_published(download: Download):
    came = download.folder.parent / f"{download.folder.name}.zip"
    facts = verify_archive(came, sha256=f"{download.archive}.sha256")
    assert facts["published"]
    assert facts["name"] == download.folder.name
    assert facts["files"] == len([path for path in download.folder.rglob("*") if path.is_file()])


def test_loading_works_from_its_folder_and_says_elsewhere_what_is_missing(download: Download, tmp_path: Path):
    said = download.call("-c", LOADING, str(download.folder), where=tmp_path)
    elsewhere, here = (line for line in said.splitlines() if line.startswith(("elsewhere:", "here:")))
    assert "'medssl.weights.require_package'" in elsewhere
    assert str(download.folder / "medssl" / "__init__.py") in here
    assert said.rstrip().endswith("verified")


def test_pretraining(prepared: Download, where: Path, tmp_path: Path):
    out = tmp_path / "out"
    prepared.run("pretrain+demo", where=where, epochs=1, **scratch(out))
    assert (out / "pretrained.pt").stat().st_size > 0


def test_finetuning(prepared: Download, where: Path, tmp_path: Path):
    out = tmp_path / "out"
    prepared.run("train+demo", where=where, epochs=1, pretrained="scratch", **scratch(out))
    assert (out / "model.pt").stat().st_size > 0


def test_masks_by_the_shipped_weights(prepared: Download, small_image: Path, where: Path, tmp_path: Path):
    words = {"dataset_dir": str(small_image), "output_dir": str(tmp_path / "out"), "num_workers": 0}
    said = prepared.run("inference", where=where, tiny=False, **words)
    made = list((tmp_path / "out").rglob("*_pred.*"))
    image = next(path for path in small_image.iterdir() if path.suffix != ".json")
    assert [size(path) for path in made] == [size(image)], said


def test_features_by_the_shipped_weights(prepared: Download, small_image: Path, where: Path, tmp_path: Path):
    words = {"dataset_dir": str(small_image), "output_dir": str(tmp_path / "out"), "num_workers": 0}
    prepared.run("features", where=where, tiny=False, **words)
    vectors = np.load(tmp_path / "out" / "features.npz")["vectors"]
    assert len(vectors) == 1
    assert np.isfinite(vectors).all()
    assert np.ptp(vectors) > 0


def test_nothing_that_came_was_changed_by_the_runs(prepared: Download):
    with ZipFile(prepared.archive) as archive:
        changed = [
            name for name in archive.namelist() if (prepared.folder.parent / name).read_bytes() != archive.read(name)
        ]
    assert changed == []
