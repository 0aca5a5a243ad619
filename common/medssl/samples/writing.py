"""Files that are either whole or absent, with the same bytes for the same content."""

from __future__ import annotations

import gzip
import os
import uuid
from pathlib import Path

import nibabel as nib
import numpy as np


def write_atomically(path: Path, content: bytes) -> Path:
    """Write a file so that no other process ever sees half of it; missing parent folders are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
    try:
        draft.write_bytes(content)
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    return path


def write_nifti(path: Path, array: np.ndarray, affine: np.ndarray, *, level: int = 3) -> Path:
    """Write a ``.nii.gz`` file in millimetres whose bytes depend on its content alone.

    Args:
        path: ends in ``.nii.gz``.
        array: ``(*S)``, int16 or uint8.
        affine: voxel index to RAS world position in mm, ``(4, 4)``.
        level: effort of compression, 1 (fast) to 9 (small).
    """
    image = nib.Nifti1Image(array, affine)
    image.set_qform(affine, code=1)
    image.set_sform(affine, code=1)
    image.header.set_xyzt_units("mm")
    return write_atomically(path, gzip.compress(image.to_bytes(), compresslevel=level, mtime=0))


def is_whole_nifti(path: Path) -> bool:
    """Say whether a ``.nii.gz`` file is there and not cut off, from its head and its last four bytes."""
    try:
        image = nib.load(path)
        with path.open("rb") as file:
            file.seek(-4, os.SEEK_END)
            length = int.from_bytes(file.read(4), "little")
    except (OSError, EOFError, nib.filebasedimages.ImageFileError):
        return False
    size = int(np.prod(image.shape)) * image.get_data_dtype().itemsize
    return length == (int(image.dataobj.offset) + size) % 2**32
