"""Our own app in MONAI Label, with radiographs; this package is importable there, as where it is installed."""

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from medssl.annotation import write_app_folder
from medssl.samples import sample_radiographs
from tests.label import serving
from tests.sources import ROOT

NAME = "dira"


def films(folder: Path) -> list[dict[str, Path]]:
    """Eight small radiographs of two patients with lung masks, in the order of their names."""
    cases = sample_radiographs(folder, patients=2, views=4, side=128, spacing=4.0)
    return [{name: Path(case[name]) for name in ("image", "label")} for case in cases]


@contextmanager
def our_server(python: Path, archive: Path, images: Sequence[Path], *, place: Path) -> Iterator[serving.Server]:
    """Run a server of our app until the block is left.

    Args:
        python: of the environment with MONAI Label.
        archive: of the bundle.
        images: to be labelled.
        place: empty folder for the app and the images.
    """
    (place / "studies").mkdir()
    for image in images:
        shutil.copy(image, place / "studies")
    names = write_app_folder(place / "app", [archive])
    words = {"models": ",".join(names), "epistemic_model": names[0], "epistemic_simulation_size": 3}
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(serving.QUIET, "PYTHONPATH", os.pathsep.join([str(serving.SHIM), str(ROOT / "common")]))
        with serving.serving(python, place / "app", place / "studies", **words) as running:
            yield running
