"""Environments without this package: what a person who downloads a bundle has installed, and nothing else."""

import json
from pathlib import Path

from filelock import FileLock

from tests.bundles.reading import FOLDERS
from tests.environments import made_environment
from tests.sources import ROOT

PLACE = ROOT / ".venv-download"
NEEDED = ("configs/metadata.json", "models/pretrained.pt", "models/model.pt")
COMPLETE = [folder for folder in FOLDERS if all((folder / name).is_file() for name in NEEDED)]


def requirements(folder: Path) -> set[str]:
    """Packages that a bundle's metadata asks for."""
    metadata = json.loads((folder / "configs/metadata.json").read_text())
    named = {name: metadata[f"{word}_version"] for name, word in (("monai", "monai"), ("torch", "pytorch"))}
    packages = {**named, "numpy": metadata["numpy_version"], **metadata["required_packages_version"]}
    return {f"{name}=={version}" for name, version in packages.items()}


def environment(folder: Path) -> Path:
    """Python of an environment with exactly what a bundle asks for, made once.

    What all bundles ask for is installed once; where one asks for more, that lies in an environment on top.
    """
    PLACE.mkdir(exist_ok=True)
    shared = set.intersection(*(requirements(other) for other in COMPLETE))
    with FileLock(PLACE / "lock"):
        base = _made(PLACE / "shared", shared)
        own = requirements(folder) - shared
        return _made(PLACE / folder.name, own, below=base) if own else base


def _made(place: Path, packages: set[str], *, below: Path | None = None) -> Path:
    torch = [package for package in packages if package.startswith("torch==")]
    steps = [step for step in (torch, sorted(packages)) if step]  # torch first and alone, as in the Makefile
    return made_environment(place, steps, constraints=ROOT / "constraints.txt", below=below)
