"""One volume in small compressed blocks on disk, so that a crop is read without the rest."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from monai.utils import optional_import

from medssl.data.replacing import replacing

__all__ = ["open_stored", "read_crop", "write_stored"]

blosc2, _ = optional_import("blosc2")
CHUNK, BLOCK = 64, 32
LOWEST, HIGHEST = -32768, 32767


def write_stored(path: str | Path, image: np.ndarray, *, affine: np.ndarray) -> Path:
    """Write a volume as 16-bit whole numbers, in one step: a kill leaves no half file.

    Args:
        path: the file, ending in ``.b2nd``; folders above it are made.
        image: values of a CT in HU, or others that whole numbers can hold, ``(C, *S)``.
        affine: voxel index to RAS world position in mm, ``(4, 4)``.

    Returns:
        The path.

    Raises:
        ValueError: if the values do not fit.
    """
    low, high = float(image.min()), float(image.max())
    whole = np.rint(image)
    if not (low >= LOWEST and high <= HIGHEST):
        raise ValueError(
            f"A store keeps whole numbers from {LOWEST} to {HIGHEST}, got [{low:g}, {high:g}]; "
            "clip the volume first, or do without --store."
        )
    if high - low < 256 and not np.array_equal(whole, image):
        raise ValueError(
            f"A store keeps whole numbers, and rounding would spoil values in [{low:g}, {high:g}]; "
            "give the volume as HU or raw intensities, or do without --store."
        )
    values = np.ascontiguousarray(whole, dtype=np.int16)
    with replacing(path) as draft:
        stored = blosc2.asarray(values, urlpath=str(draft), mode="w", **_layout(values.shape))
        stored.vlmeta["affine"] = np.asarray(affine, dtype=np.float64).tolist()
    return Path(path)


def open_stored(path: str | Path) -> Any:
    """A stored volume, of which nothing is read until it is indexed; ``vlmeta["affine"]`` has its affine."""
    return blosc2.open(str(path), mode="r", dparams={"nthreads": 1})


def read_crop(stored: Any, *, corner: Sequence[int], size: Sequence[int]) -> np.ndarray:
    """Cut a box out of a stored volume.

    Args:
        stored: what :func:`open_stored` gives.
        corner: first voxel of the box along each spatial axis.
        size: voxels of the box along each spatial axis.

    Returns:
        Values ``(C, *size)``, int16.

    Raises:
        ValueError: if the box does not lie inside.
    """
    shape = tuple(stored.shape[1:])
    if any(start < 0 or start + length > room for start, length, room in zip(corner, size, shape, strict=True)):
        raise ValueError(
            f"The box at {tuple(corner)} of size {tuple(size)} does not lie inside {shape}; choose another corner."
        )
    return stored[(slice(None), *(slice(start, start + length) for start, length in zip(corner, size, strict=True)))]


def _layout(shape: tuple[int, ...]) -> dict[str, Any]:
    chunks, blocks = ((1, *(min(edge, length) for length in shape[1:])) for edge in (CHUNK, BLOCK))
    return {"chunks": chunks, "blocks": blocks, "cparams": {"codec": blosc2.Codec.ZSTD, "clevel": 5, "nthreads": 1}}
