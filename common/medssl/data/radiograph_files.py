"""Radiographs in DICOM files, one image a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from monai.utils import optional_import
from PIL import Image

from medssl.data.picture_files import grey_picture
from medssl.data.stored_plane import Plane

try:
    from pydicom.pixels import apply_modality_lut, apply_voi_lut
except ImportError:  # pydicom 2
    from pydicom.pixel_data_handlers.util import apply_modality_lut, apply_voi_lut

__all__ = ["read_radiograph", "rescaled_values"]

itk, _ = optional_import("itk")
pydicom, _ = optional_import("pydicom")
BEYOND = 1 << 30  # further than any window reaches


def read_radiograph(path: str | Path) -> Plane:
    """One DICOM image such as a CR or DX, rescaled, with the look that its header asks for.

    Args:
        path: the file.

    Raises:
        ValueError: if it holds no pixels, several frames, or colours.
    """
    name, data = Path(path).name, pydicom.dcmread(path)
    if "PixelData" not in data:
        raise ValueError(f"{name} holds no pixels, only a header; remove it, or export the image itself.")
    if int(data.get("NumberOfFrames") or 1) > 1:
        raise ValueError(f"{name} holds {data.NumberOfFrames} frames where one is needed; write each to a file.")
    if data.get("PhotometricInterpretation") not in ("MONOCHROME1", "MONOCHROME2"):
        return Plane(_grey_of_colours(data, name).T, _affine(data))
    values = rescaled_values(data, path)
    shown = _shown(data, values)
    return Plane(
        values=(values.astype(np.uint8) if _is_byte(data, values) else values).T,
        affine=_affine(data),
        shown=None if shown is None else shown.T,
        inverted=data.PhotometricInterpretation == "MONOCHROME1",
    )


def rescaled_values(data: Any, path: str | Path) -> np.ndarray:
    """The pixels of a data set of one frame, rescaled as its header wants, ``(rows, columns)``.

    Args:
        data: a DICOM data set.
        path: its file.
    """
    try:
        return apply_modality_lut(data.pixel_array, data)
    except RuntimeError:  # pydicom alone does not know lossless JPEG; ITK does, and rescales as well
        values = itk.array_from_image(itk.imread(str(path))).squeeze(0).astype(np.float64)
    if data.PhotometricInterpretation == "MONOCHROME2":
        return values
    slope, intercept = float(data.get("RescaleSlope") or 1), float(data.get("RescaleIntercept") or 0)
    return slope * (2**data.BitsStored - 1) + 2 * intercept - values  # ITK has turned MONOCHROME1 over


def _is_byte(data: Any, values: np.ndarray) -> bool:
    whole = bool(values.min() >= 0) and bool(values.max() <= 255)
    return int(data.BitsStored) <= 8 and whole and np.array_equal(values, np.rint(values))


def _shown(data: Any, values: np.ndarray) -> np.ndarray | None:
    table = bool(data.get("VOILUTSequence"))
    if not table and (data.get("WindowCenter") is None or data.get("WindowWidth") is None):
        return None
    if table:
        values = np.rint(values).astype(np.int32)
    with np.errstate(over="ignore"):
        low, high = sorted(apply_voi_lut(np.array([-BEYOND, BEYOND], dtype=np.int32), data).astype(float))
    return (apply_voi_lut(values, data) - np.float32(low)) / np.float32(max(high - low, 1e-12))


def _grey_of_colours(data: Any, name: str) -> np.ndarray:
    if data.get("SamplesPerPixel") != 3 or int(data.BitsAllocated) != 8:
        raise ValueError(f"{name} is a colour picture ({data.get('PhotometricInterpretation')}); export it as grey.")
    try:
        return grey_picture(Image.fromarray(data.pixel_array))
    except ValueError as error:
        raise ValueError(f"{name} {error}") from error


def _affine(data: Any) -> np.ndarray:
    down, right = data.get("PixelSpacing") or data.get("ImagerPixelSpacing") or (1.0, 1.0)
    return np.diag([float(right), float(down), 1.0, 1.0])
