"""Environments without this package: what a person who downloads a bundle has installed, and nothing else."""

import json
import subprocess
import sys
from pathlib import Path

from filelock import FileLock

from tests.bundles.reading import FOLDERS
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
    python = place / "bin" / "python"
    stamp = place / "packages.txt"
    wanted = "\n".join([*sorted(packages), below.parents[1].joinpath("packages.txt").read_text() if below else ""])
    if stamp.is_file() and stamp.read_text() == wanted:
        return python
    _run(sys.executable, "-m", "venv", "--without-pip", "--clear", str(place))
    if below:
        libraries, site = (next(where.glob("lib/python*/site-packages")) for where in (below.parents[1], place))
        (site / "shared.pth").write_text(f"{libraries}\n")
    torch = {package for package in packages if package.startswith("torch==")}
    for step in filter(None, (torch, packages)):  # torch first and alone, as in the Makefile
        _install(python, step)
    stamp.write_text(wanted)
    return python


def _install(python: Path, packages: set[str]) -> None:
    pip = (sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check", "-q", "install")
    _run(*pip, *sorted(packages), "-c", str(ROOT / "constraints.txt"))


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}\n{done.stdout}\n{done.stderr}")
