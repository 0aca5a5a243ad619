"""One volume in small compressed blocks on disk, so that a crop is read without the rest."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from monai.utils import optional_import

from medssl.data.replacing import replacing

__all__ = ["open_stored", "read_crop", "read_stored", "write_stored"]

blosc2, _ = optional_import("blosc2")
CHUNK, BLOCK = 64, 32
LOWEST, HIGHEST = -32768, 32767


def write_stored(
    path: str | Path, image: np.ndarray, *, affine: np.ndarray, exact: bool = False, source: str = ""
) -> Path:
    """Write a volume as 16-bit whole numbers, in one step: a kill leaves no half file.

    HU and raw intensities are rounded. Values that whole numbers cannot hold, because they are fractions of a small
    range or reach too far, are first divided by a number that is stored beside them.

    Args:
        path: the file, ending in ``.b2nd``; folders above it are made.
        image: values, ``(C, *S)``.
        affine: voxel index to RAS world position in mm, ``(4, 4)``.
        exact: whether each value must stay what it is, as in a label map.
        source: digest of the image that this comes from.

    Returns:
        The path.

    Raises:
        ValueError: if values must stay what they are and cannot.
    """
    scale = _scale(image)
    if exact and scale != 1:
        raise ValueError(
            f"A store keeps label maps as whole numbers from {LOWEST} to {HIGHEST}, got values in "
            f"[{image.min():g}, {image.max():g}]; number the labels anew, or do without --store."
        )
    values = np.ascontiguousarray(np.rint(image / scale if scale != 1 else image), dtype=np.int16)
    with replacing(path) as draft:
        stored = blosc2.asarray(values, urlpath=str(draft), mode="w", **_layout(values.shape))
        stored.vlmeta["affine"] = np.asarray(affine, dtype=np.float64).tolist()
        stored.vlmeta["scale"] = scale
        stored.vlmeta["percentiles"] = (np.percentile(values, (1, 99)) * scale).tolist()
        stored.vlmeta["source"] = source
    return Path(path)


def open_stored(path: str | Path) -> Any:
    """A stored volume, of which nothing is read until a part of it is.

    Its ``vlmeta`` has ``affine``, ``percentiles`` (the 1st and the 99th of all values), ``scale`` (what its whole
    numbers are multiplied by) and ``source`` (digest of the image that it comes from).
    """
    return blosc2.open(str(path), mode="r", dparams={"nthreads": 1})


def read_stored(stored: Any) -> np.ndarray:
    """All values of a stored volume, ``(C, *S)``; of the kind that :func:`read_crop` gives."""
    return read_crop(stored, corner=(0,) * (stored.ndim - 1), size=stored.shape[1:])


def read_crop(stored: Any, *, corner: Sequence[int], size: Sequence[int]) -> np.ndarray:
    """Cut a box out of a stored volume.

    Args:
        stored: what :func:`open_stored` gives.
        corner: first voxel of the box along each spatial axis.
        size: voxels of the box along each spatial axis.

    Returns:
        Values ``(C, *size)``: int16, or float32 where the store had to scale them.

    Raises:
        ValueError: if the box does not lie inside.
    """
    shape = tuple(stored.shape[1:])
    if any(start < 0 or start + length > room for start, length, room in zip(corner, size, shape, strict=True)):
        raise ValueError(
            f"The box at {tuple(corner)} of size {tuple(size)} does not lie inside {shape}; choose another corner."
        )
    box = (slice(None), *(slice(start, start + length) for start, length in zip(corner, size, strict=True)))
    scale = stored.vlmeta.get("scale", 1.0)  # older stores have none
    return stored[box] if scale == 1 else stored[box].astype(np.float32) * np.float32(scale)


def _scale(image: np.ndarray) -> float:
    low, high = float(image.min()), float(image.max())
    fine = high - low < 256 and not np.array_equal(np.rint(image), image)  # rounding would spoil these
    if low >= LOWEST and high <= HIGHEST and not fine:
        return 1.0
    return max(-low, high) / HIGHEST


def _layout(shape: tuple[int, ...]) -> dict[str, Any]:
    chunks, blocks = ((1, *(min(edge, length) for length in shape[1:])) for edge in (CHUNK, BLOCK))
    return {"chunks": chunks, "blocks": blocks, "cparams": {"codec": blosc2.Codec.ZSTD, "clevel": 5, "nthreads": 1}}
