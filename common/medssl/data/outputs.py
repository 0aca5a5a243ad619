"""What an earlier run has finished already."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from monai.data import FolderLayout
from nibabel.filebasedimages import ImageFileError

__all__ = ["is_whole_nifti", "root_of_cases", "unfinished_cases"]

logger = logging.getLogger(__name__)


def unfinished_cases(
    cases: Sequence[dict[str, Any]], *, output_dir: str, data_root_dir: str = "", postfix: str = "pred"
) -> list[dict[str, Any]]:
    """The cases that have no output yet, or one that was cut off while it was written.

    Outputs are looked for where ``SaveImaged(separate_folder=False)`` with the same words writes them.

    Args:
        cases: what :func:`medssl.data.find_cases` gives.
        output_dir: folder of the outputs.
        data_root_dir: folder whose sub-folders are repeated in ``output_dir``.
        postfix: what is added to the image's name.
    """
    layout = FolderLayout(output_dir, postfix=postfix, extension=".nii.gz", parent=False, data_root_dir=data_root_dir)
    open_cases = [case for case in cases if not is_whole_nifti(layout.filename(subject=str(case["image"])))]
    if len(open_cases) < len(cases):
        logger.info("%d of %d outputs are there already.", len(cases) - len(open_cases), len(cases))
    return open_cases


def root_of_cases(cases: Sequence[dict[str, Any]], dataset_dir: str) -> str:
    """Folder that all images lie in, whose sub-folders outputs repeat: ``dataset_dir``, unless an image lies elsewhere.

    Args:
        cases: what :func:`medssl.data.find_cases` gives.
        dataset_dir: where the images were looked for.
    """
    root = Path(dataset_dir).expanduser().resolve()
    folders = [Path(str(case["image"])).resolve().parent for case in cases]
    if root.is_dir() and all(folder.is_relative_to(root) for folder in folders):
        return str(root)
    return os.path.commonpath(folders)


def is_whole_nifti(path: str | os.PathLike) -> bool:
    """Say whether a ``.nii.gz`` file is there and not cut off, from its head and its last four bytes.

    Args:
        path: the file.
    """
    try:
        image = nib.load(path)
        with Path(path).open("rb") as file:
            file.seek(-4, os.SEEK_END)
            length = int.from_bytes(file.read(4), "little")
    except (OSError, EOFError, ImageFileError):
        return False
    size = int(np.prod(image.shape)) * image.get_data_dtype().itemsize
    return length == (int(image.dataobj.offset) + size) % 2**32
