"""Bundles in MONAI Label as an annotator has them: packed, unpacked into its bundle app, and served."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import nibabel as nib
import numpy as np
import pytest
from monai.bundle import ConfigParser

from medssl.release import pack_bundle
from tests.download.environments import COMPLETE
from tests.label.environments import label_environment
from tests.label.serving import Server, run_labelling, serving

PATIENTS = 2
LARGE, SIDE = 200_000, 80  # voxels of a volume, and along each axis of its middle


@pytest.fixture(scope="session")
def label_python() -> Path:
    """Python of the environment with MONAI Label and without this package."""
    return label_environment()


@pytest.fixture(scope="session")
def archives(tmp_path_factory) -> dict[str, Path]:
    """Archives of all bundles, by name."""
    folder = tmp_path_factory.mktemp("packed")
    return {bundle.name: pack_bundle(bundle, folder) for bundle in COMPLETE}


@pytest.fixture(scope="session")
def stock_app(label_python, tmp_path_factory) -> Path:
    """The bundle app that comes with MONAI Label."""
    folder = tmp_path_factory.mktemp("apps")
    words = ("apps", "--download", "--name", "monaibundle", "--output", str(folder))
    run_labelling(label_python, "-m", "monailabel.main", *words, where=folder)
    return folder / "monaibundle"


def filled_app(stock: Path, archives: list[Path], place: Path) -> Path:
    """Copy the bundle app, and unpack bundles into it."""
    app = place / "app"
    shutil.copytree(stock, app)
    for archive in archives:
        with ZipFile(archive) as file:
            file.extractall(app / "model")
    return app


@pytest.fixture(scope="session")
def samples(tmp_path_factory):
    """Cases of the sample that a bundle's demo uses, by the bundle's folder, in a folder of images alone."""
    known: dict[Path, list[dict[str, Path]]] = {}

    def find(bundle: Path) -> list[dict[str, Path]]:
        if bundle not in known:
            known[bundle] = sample_of(bundle, tmp_path_factory.mktemp(bundle.name))
        return known[bundle]

    return find


def sample_of(bundle: Path, place: Path) -> list[dict[str, Path]]:
    config = {"task": "train", "bundle_root": str(place)}
    words = ConfigParser.load_config_file(bundle / "configs/demo.json")["cases"] | {"patients": PATIENTS}
    config["cases"] = {name: word for name, word in words.items() if name not in {"held_out", "displacements"}}
    cases = ConfigParser(config).get_parsed_content("cases")
    return [{name: middle_of(Path(case[name]), place) for name in ("image", "label")} for case in cases[:PATIENTS]]


def middle_of(path: Path, place: Path) -> Path:
    """The image, or its middle if it is a large volume."""
    if path.suffix == ".png" or np.prod(nib.load(path).shape) < LARGE:
        return path
    volume = nib.load(path)
    ends = [((size - min(size, SIDE)) // 2, (size + min(size, SIDE)) // 2) for size in volume.shape]
    nib.save(volume.slicer[tuple(slice(*end) for end in ends)], place / path.name)
    return place / path.name


@pytest.fixture(scope="module", params=COMPLETE, ids=lambda folder: folder.name)
def bundle(request) -> Path:
    """Each bundle's folder in the repository."""
    return request.param


@pytest.fixture(scope="module")
def cases(bundle, samples) -> list[dict[str, Path]]:
    """A few images with masks of the kind that the bundle is for."""
    return samples(bundle)


@pytest.fixture(scope="module")
def server(bundle, cases, archives, stock_app, label_python, tmp_path_factory) -> Iterator[Server]:
    """A server with the one bundle, and with images of its kind."""
    place = tmp_path_factory.mktemp("served")
    app = filled_app(stock_app, [archives[bundle.name]], place)
    studies = place / "studies"
    studies.mkdir()
    for case in cases:
        shutil.copy(case["image"], studies)
    words = {"models": bundle.name, "epistemic_model": bundle.name, "epistemic_simulation_size": 2}
    with serving(label_python, app, studies, **words) as running:
        yield running
