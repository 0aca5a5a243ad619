"""Two-dimensional images of every kind that a case may name, read as one grey picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from monai.data import ImageReader
from PIL import Image

from medssl.data.picture_files import read_picture
from medssl.data.radiograph_files import read_radiograph
from medssl.data.series import is_dicom
from medssl.data.stored_plane import Plane, checked_window

__all__ = ["PlaneReader", "open_plane", "read_plane"]


class PlaneReader(ImageReader):
    """Reads one grey picture from PNG, JPEG, TIFF, a single DICOM file, a flat NIfTI, or a grey copy.

    For ``LoadImaged(reader="medssl.data.PlaneReader", window=..., short_side=...)``. Arrays are ``(1, x, y)`` in
    MONAI's order for pictures, the first axis from left to right. The shape in the file stays known, so that what
    ``SaveImaged(resample=True)`` writes has it, also after shrinking.

    Args:
        window: see :func:`read_plane`.
        short_side: see :func:`read_plane`.

    Raises:
        ValueError: if a word is out of its range, or an image is a list of several files.
    """

    def __init__(self, window: str | Sequence[float] = "auto", short_side: int = 0) -> None:
        super().__init__()
        self.window, self.short_side = checked_window(window), _checked_side(short_side)

    def verify_suffix(self, filename: Any) -> bool:
        return True

    def read(self, data: Any, **kwargs: Any) -> Plane:
        paths = [str(path) for path in (data if isinstance(data, list | tuple) else [data])]
        if len(paths) != 1:
            raise ValueError(f"PlaneReader reads one file an image, got {len(paths)}; list one.")
        return open_plane(paths[0], labels=self.window == "none")

    def get_data(self, img: Plane) -> tuple[np.ndarray, dict]:
        pixels, affine = _pixels(img, window=self.window, short_side=self.short_side)
        meta = {"affine": affine, "original_affine": img.affine, "space": "RAS", "original_channel_dim": 0}
        return pixels, meta | {"spatial_shape": np.asarray(img.values.shape)}


def read_plane(
    path: str | Path, *, window: str | Sequence[float] = "auto", short_side: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """One grey picture, and where its pixels are.

    Args:
        path: PNG, JPEG, TIFF, a DICOM file, NIfTI of ``(x, y)`` or ``(x, y, 1)``, or a grey copy (``.npy``), which
            stays as it is in any window.
        window: which values become 0 and 255. ``auto``: 8 bits stay as they are; else the window of the DICOM header;
            else the 0.5th and the 99.5th percentile of the image. Or the lowest and the highest value of the file.
            ``none``: values as stored, for label maps.
        short_side: pixels of the shorter side after shrinking, the longer in proportion; 0 keeps the size, and nothing
            is enlarged.

    Returns:
        Grey values ``(1, x, y)``, uint8 (at ``none`` as stored); pixel index to position in mm as float64, ``(4, 4)``.

    Raises:
        ValueError: if a word is out of its range, or the file is no single grey picture.
    """
    window, short_side = checked_window(window), _checked_side(short_side)
    return _pixels(open_plane(path, labels=window == "none"), window=window, short_side=short_side)


def open_plane(path: str | Path, *, labels: bool = False) -> Plane:
    """The values of a file before any window.

    Args:
        path: see :func:`read_plane`.
        labels: whether it is a label map.

    Raises:
        ValueError: if the file is no single grey picture, or holds values that are no numbers.
    """
    path = Path(path)
    if path.suffix == ".npy":
        return _grey_copy(path)
    if path.name.lower().endswith((".nii", ".nii.gz")):
        image = nib.load(path)
        plane = Plane(_flat(np.asarray(image.dataobj), path), np.asarray(image.affine, dtype=np.float64))
    elif is_dicom(path):
        plane = read_radiograph(path)
    else:
        plane = Plane(read_picture(path, labels=labels), np.eye(4))
    if plane.values.dtype.kind == "f" and not np.isfinite(plane.values).all():
        count = int((~np.isfinite(plane.values)).sum())
        raise ValueError(f"{path.name} holds {count} values that are NaN or infinite; replace them.")
    return plane


class _GreyCopy(Plane):
    def grey(self, window: str | Sequence[float] = "auto") -> np.ndarray:
        return self.values  # the window was applied when the copy was made


def _grey_copy(path: Path) -> Plane:
    values = _flat(np.load(path, allow_pickle=False), path)
    if values.dtype != np.uint8:
        raise ValueError(f"{path.name} is no grey copy: it holds {values.dtype}, needed is uint8.")
    return _GreyCopy(values, np.eye(4))


def _pixels(plane: Plane, *, window: str | Sequence[float], short_side: int) -> tuple[np.ndarray, np.ndarray]:
    values = plane.grey(window)
    factor = max(1.0, min(values.shape) / short_side) if short_side else 1.0
    if factor == 1:
        return np.ascontiguousarray(values)[None], plane.affine
    size = tuple(max(1, round(length / factor)) for length in values.shape)
    steps = np.asarray(values.shape) / size
    shrinking = np.diag([*steps, 1.0, 1.0])
    shrinking[:2, 3] = (steps - 1) / 2  # the first new pixel's centre lies in the middle of those that it replaces
    shrunk = _picked(values, size) if window == "none" else _averaged(values, size)
    return np.ascontiguousarray(shrunk)[None], plane.affine @ shrinking


def _averaged(grey: np.ndarray, size: tuple[int, ...]) -> np.ndarray:
    first, second = size
    return np.asarray(Image.fromarray(grey).resize((second, first), Image.Resampling.BILINEAR))


def _picked(values: np.ndarray, size: tuple[int, ...]) -> np.ndarray:
    rows, columns = (((np.arange(n) + 0.5) * old / n).astype(int) for n, old in zip(size, values.shape, strict=True))
    return values[np.ix_(rows, columns)]


def _flat(values: np.ndarray, path: Path) -> np.ndarray:
    flat = values.reshape([length for length in values.shape if length > 1] or [1])
    if flat.ndim != 2:
        raise ValueError(f"{path.name} has the shape {list(values.shape)} where one plane is needed; give flat images.")
    return flat


def _checked_side(short_side: int) -> int:
    if isinstance(short_side, bool) or not isinstance(short_side, int) or short_side < 0:
        raise ValueError(f"short_side is a number of pixels, 0 to keep the size, got {short_side!r}.")
    return short_side
