"""What the header of an image says, without its voxels, and whether all of the image is there."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from monai.utils import optional_import
from PIL import Image

from medssl.data.facts import reason
from medssl.data.files import image_files
from medssl.data.series import is_dicom

__all__ = ["bad_cases", "header_facts", "headers_of"]

itk, _ = optional_import("itk")
pydicom, _ = optional_import("pydicom")
NIFTI = (".nii", ".nii.gz")
ENDS = {".png": b"IEND", ".jpg": b"\xff\xd9", ".jpeg": b"\xff\xd9"}  # found near the end of whole files
NEAR = 1 << 16


def headers_of(paths: Sequence[Any]) -> list[dict[str, Any]]:
    """Header facts of many images, several at a time.

    Args:
        paths: what cases name.
    """
    with ThreadPoolExecutor(min(16, 4 * (os.cpu_count() or 1))) as threads:
        return list(threads.map(header_facts, paths))


def bad_cases(cases: Sequence[Mapping[str, Any]], headers: Sequence[Mapping[str, Any]]) -> dict[int, str]:
    """Numbers of the cases whose files cannot be used, each with the reason: missing, cut off, a label of other shape.

    Args:
        cases: what :func:`medssl.data.find_cases` gives.
        headers: what :func:`headers_of` gives of their images.
    """
    labelled = [number for number, case in enumerate(cases) if "label" in case]
    labels = dict(zip(labelled, headers_of([cases[number]["label"] for number in labelled]), strict=True))
    bad = {}
    for number, image in enumerate(headers):
        label = labels.get(number, {})
        if "problem" in image:
            bad[number] = image["problem"]
        elif "problem" in label:
            bad[number] = f"its label {label['problem']}"
        elif label and label["shape"] != image["shape"]:
            bad[number] = f"has the shape {image['shape']}, its label {label['shape']}; resample one to the other"
    return bad


def header_facts(path: Any) -> dict[str, Any]:
    """Shape and spacing of one image as its header has them, along the array's axes.

    A compressed NIfTI is taken for whole if the size that its end names is the size that its header asks for.

    Args:
        path: what a case names: a file, a DICOM series, or a list of files that are the channels.

    Returns:
        ``shape``, ``spacing`` in mm and ``bytes`` on disk; or ``problem``.
    """
    try:
        files = image_files(path)
        first = files[0]
        if first.name.lower().endswith(NIFTI):
            facts = _nifti(first)
        elif is_dicom(first):
            facts = _dicom(first, slices=len(files))
        else:
            facts = _picture(first) if first.suffix.lower() in (*ENDS, ".tif", ".tiff") else _other(first)
    except Exception as error:  # readers raise all sorts
        return {"problem": f"cannot be read ({reason(error, path)}); copy it again or remove it"}
    return facts if "problem" in facts else facts | {"bytes": sum(file.stat().st_size for file in files)}


def _nifti(path: Path) -> dict[str, Any]:
    image = nib.load(path)
    header, shape = image.header, image.shape
    needed = image.dataobj.offset + int(np.prod(shape, dtype=np.int64)) * header.get_data_dtype().itemsize
    compressed = path.suffix.lower() == ".gz"
    there = _size_inside(path) if compressed else path.stat().st_size
    odd = there != needed % (1 << 32) if compressed else there < needed
    if odd and not _opens(path, compressed=compressed):
        return {"problem": "is cut off; copy it again"}
    return {"shape": list(shape), "spacing": [float(size) for size in header.get_zooms()[:3]]}


def _size_inside(path: Path) -> int:
    with path.open("rb") as stream:
        stream.seek(-4, os.SEEK_END)
        return int.from_bytes(stream.read(), "little")  # of the last part, if the file is made of several


def _opens(path: Path, *, compressed: bool) -> bool:
    if not compressed:
        return False
    try:
        np.asarray(nib.load(path).dataobj)
    except (EOFError, OSError, ValueError):
        return False
    return True


def _dicom(path: Path, *, slices: int) -> dict[str, Any]:
    header = pydicom.dcmread(path, stop_before_pixels=True)
    if "Rows" not in header:
        return {"problem": "holds no pixels, only a header; remove it, or export the image itself"}
    down, right = header.get("PixelSpacing") or header.get("ImagerPixelSpacing") or (1.0, 1.0)
    shape, spacing = [int(header.Columns), int(header.Rows)], [float(right), float(down)]
    depth = max(slices, int(header.get("NumberOfFrames") or 1))
    thickness = float(header.get("SpacingBetweenSlices") or header.get("SliceThickness") or 1)
    return {"shape": shape + [depth] * (depth > 1), "spacing": spacing + [thickness] * (depth > 1)}


def _picture(path: Path) -> dict[str, Any]:
    with Image.open(path) as picture:
        shape = list(picture.size)
    end = ENDS.get(path.suffix.lower(), b"")
    with path.open("rb") as stream:
        stream.seek(-min(NEAR, path.stat().st_size), os.SEEK_END)
        whole = end in stream.read()
    return {"shape": shape, "spacing": [1.0, 1.0]} if whole else {"problem": "is cut off; copy it again"}


def _other(path: Path) -> dict[str, Any]:
    image = itk.ImageIOFactory.CreateImageIO(str(path), itk.CommonEnums.IOFileMode_ReadMode)
    if image is None:
        return {"problem": "is no image of a known kind; convert it, or take it off the list"}
    image.SetFileName(str(path))
    image.ReadImageInformation()
    axes = range(image.GetNumberOfDimensions())
    return {"shape": [image.GetDimensions(axis) for axis in axes], "spacing": [image.GetSpacing(axis) for axis in axes]}
