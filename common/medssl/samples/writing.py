"""Files that are either whole or absent, with the same bytes for the same content, and lists of them."""

from __future__ import annotations

import gzip
import io
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from PIL import Image

from medssl.data.outputs import is_whole
from medssl.data.records import read_json, write_json
from medssl.data.replacing import write_whole

Case = dict[str, Any]

LIST, NAME = "dataset.json", "medssl samples"
FILES = ("image", "label", "displacement")
NOTE = (
    "LIDC-IDRI-0001 (CC BY 3.0, doi 10.7937/K9/TCIA.2015.LO9QL9SX) and images derived from it: "
    "demonstration and test data, one anatomy underlies them all"
)


def write_nifti(path: Path, array: np.ndarray, *, affine: np.ndarray, level: int = 3, intent: str = "none") -> Path:
    """Write a ``.nii.gz`` file in millimetres whose bytes depend on its content alone.

    Args:
        path: ends in ``.nii.gz``.
        array: ``(*S)``.
        affine: voxel index to RAS world position in mm, ``(4, 4)``.
        level: effort of compression, 1 (fast) to 9 (small).
        intent: what the values mean, as the NIfTI standard calls it.
    """
    image = nib.Nifti1Image(array, affine)
    image.set_qform(affine, code=1)
    image.set_sform(affine, code=1)
    image.header.set_xyzt_units("mm")
    image.header.set_intent(intent)
    return write_whole(path, gzip.compress(image.to_bytes(), compresslevel=level, mtime=0))


def write_png(path: Path, picture: np.ndarray) -> Path:
    """Write a grey picture whose bytes depend on its content alone.

    Args:
        path: ends in ``.png``.
        picture: uint8, ``(x, y)``: left to right, top to bottom.
    """
    content = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(picture.T)).save(content, format="png")
    return write_whole(path, content.getvalue())


def write_cases(directory: Path, cases: list[Case], *, settings: dict[str, Any]) -> list[Case]:
    """Write ``dataset.json`` beside finished files.

    Args:
        directory: the folder that the files lie in.
        cases: paths relative to ``directory`` under "image", "label" and "displacement".
        settings: what the files were made from.

    Returns:
        The same cases with absolute paths.
    """
    write_json(directory / LIST, {"name": NAME, "note": NOTE, "settings": settings, "cases": cases})
    return _absolute(directory, cases)


def read_cases(directory: Path, settings: dict[str, Any]) -> list[Case]:
    """Read ``dataset.json`` if it was made from the same settings and all its files are whole.

    Returns:
        The cases with absolute paths; none if anything has to be written again.

    Raises:
        ValueError: if the folder holds a list that is not ours, which would be overwritten.
    """
    if not (directory / LIST).is_file():
        return []
    content = read_json(directory / LIST)
    if not isinstance(content, dict) or content.get("name") != NAME:
        raise ValueError(
            f"Samples need a folder of their own, but {directory.name} has a {LIST} of other images; "
            "name an empty or a new folder."
        )
    cases = _absolute(directory, content["cases"])
    files = [case[key] for case in cases for key in FILES if key in case]
    return cases if content["settings"] == settings and all(map(_is_there, files)) else []


def _is_there(path: str) -> bool:
    if path.endswith((".nii.gz", ".png")):
        return is_whole(path)
    return Path(path).is_dir()  # a series: its files are each written whole, and before the list


def _absolute(directory: Path, cases: list[Case]) -> list[Case]:
    home = directory.resolve()
    return [case | {key: str(home / case[key]) for key in FILES if key in case} for case in cases]
