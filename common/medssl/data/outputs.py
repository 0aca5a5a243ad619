"""What outputs are called, and which of them an earlier run has finished already."""

from __future__ import annotations

import logging
import os
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from monai.data import FolderLayout
from monai.transforms import SaveImage
from nibabel.filebasedimages import ImageFileError

from medssl.data.files import first_file, stem

__all__ = [
    "is_whole",
    "is_whole_nifti",
    "is_whole_png",
    "output_name",
    "output_name_formatter",
    "root_of_cases",
    "unfinished_cases",
]

logger = logging.getLogger(__name__)


def output_name(path: str | Sequence[str], root: str = "") -> str:
    """What outputs of an image are called: its place below a folder, without suffix, of letters, digits, ``_``, ``-``.

    Args:
        path: what a case names; of a list of files the first counts.
        root: the folder; an image that lies elsewhere, or any if it is empty, goes by its file's name.

    Returns:
        Such as ``p01/ct`` for ``p01/ct.nii.gz`` and ``p02/1_2_840`` for a series ``p02/1.2.840``.
    """
    file, top = Path(os.path.abspath(first_file(path))), os.path.abspath(root)
    below = bool(root) and file.parent.is_relative_to(top)
    folders = file.parent.relative_to(top).parts if below else ()
    return "/".join(re.sub(r"[^\w-]", "_", part) for part in (*folders, stem(file.name)))


def output_name_formatter(metadict: dict[str, Any], saver: SaveImage) -> dict[str, Any]:
    """Let ``SaveImaged`` call its files by :func:`output_name`, below its ``data_root_dir``.

    Args:
        metadict: of the image that is saved.
        saver: what saves it, with ``separate_folder=False``.
    """
    return {"subject": _subject(metadict["filename_or_obj"], saver.folder_layout.data_root_dir)}


def unfinished_cases(
    cases: Sequence[dict[str, Any]],
    *,
    output_dir: str,
    data_root_dir: str = "",
    postfix: str = "pred",
    suffix: str = ".nii.gz",
) -> list[dict[str, Any]]:
    """The cases that have no output yet, or one that was cut off while it was written.

    Outputs are looked for where ``SaveImaged(separate_folder=False)`` with the same words and
    :func:`output_name_formatter` writes them.

    Args:
        cases: what :func:`medssl.data.find_cases` gives.
        output_dir: folder of the outputs.
        data_root_dir: folder whose sub-folders are repeated in ``output_dir``.
        postfix: what is added to the image's name.
        suffix: of the outputs, ``.nii.gz`` or ``.png``.

    Raises:
        ValueError: if the outputs of two images would be one file, or have another suffix.
    """
    if suffix not in WHOLE:
        raise ValueError(f"outputs end in one of {list(WHOLE)}, got {suffix!r}.")
    layout = FolderLayout(output_dir, postfix=postfix, extension=suffix, parent=False, data_root_dir=data_root_dir)
    names = [output_name(case["image"], data_root_dir) for case in cases]
    shared = sorted(name for name, count in Counter(names).items() if count > 1)
    if shared:
        raise ValueError(
            f"{len(names)} images need as many output names, got {len(set(names))}: {shared[0]!r} stands for "
            f"{names.count(shared[0])}; rename images, or give a folder above all of them."
        )
    outputs = [layout.filename(subject=_subject(case["image"], data_root_dir)) for case in cases]
    open_cases = [case for case, output in zip(cases, outputs, strict=True) if not is_whole(output)]
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
    folders = [Path(os.path.abspath(first_file(case["image"]))).parent for case in cases]
    if root.is_dir() and all(folder.is_relative_to(root) for folder in folders):
        return str(root)
    return os.path.commonpath(folders)


def _subject(path: str | Sequence[str], root: str) -> str:
    return os.path.join(root, output_name(path, root))


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


def is_whole_png(path: str | os.PathLike) -> bool:
    """Say whether a ``.png`` file is there and not cut off, from its first and last bytes.

    Args:
        path: the file.
    """
    if not Path(path).is_file():
        return False
    content = Path(path).read_bytes()
    return content.startswith(b"\x89PNG\r\n\x1a\n") and content.endswith(b"IEND\xaeB`\x82")


WHOLE = {".nii.gz": is_whole_nifti, ".png": is_whole_png}


def is_whole(path: str | os.PathLike) -> bool:
    """Say whether a ``.nii.gz`` or ``.png`` file is there and not cut off.

    Args:
        path: the file.
    """
    return next(looks_whole for suffix, looks_whole in WHOLE.items() if str(path).endswith(suffix))(path)
