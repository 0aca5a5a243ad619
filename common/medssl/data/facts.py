"""What is to be known of one image before it is used."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from medssl.data.files import content_hash, first_file
from medssl.data.planes import open_plane
from medssl.data.reading import read_image
from medssl.data.stored_plane import checked_window
from medssl.geometry import array_axes, is_singular, voxel_size

__all__ = ["few_values", "image_facts", "plane_facts", "reason", "unreadable"]

FEW_VALUES = 128  # label maps of whole bodies know about 120 structures, images many more grey values
FEW_GREYS = 32  # label maps of radiographs know fewer, and a pale radiograph has less than 128 grey values


def image_facts(path: str | Sequence[str]) -> dict[str, Any]:
    """What is to be known of one volume.

    Args:
        path: what a case names.

    Returns:
        ``sha256``, ``affine``, ``grid`` (voxels along the array's axes), ``shape`` and ``spacing`` (along the patient's
        axes), ``range``, ``few_values`` (number of different values if all are whole and few, else 0); or ``problem``.
    """
    try:
        digest = content_hash(path)
        image, affine = read_image(path)
    except Exception as error:  # readers raise all sorts
        return {"problem": unreadable(error, path)}
    if not bool(torch.isfinite(image).all()):
        count = int((~torch.isfinite(image)).sum())
        return {"sha256": digest, "problem": f"holds {count} values that are NaN or infinite; replace them"}
    if is_singular(affine):
        return {"sha256": digest, "problem": "its affine is singular, so voxels have no size; correct the header"}
    grid, sizes = list(image.shape[1:]), voxel_size(affine).tolist()[: image.ndim - 1]
    axes = array_axes(affine) if len(grid) == 3 else range(len(grid))
    return {
        "sha256": digest,
        "affine": affine.tolist(),
        "grid": grid,
        "shape": [grid[axis] for axis in axes],
        "spacing": [round(sizes[axis], 6) for axis in axes],
        "range": [float(image.min()), float(image.max())],
        "few_values": few_values(image.numpy()),
    }


def plane_facts(path: str | Sequence[str], *, window: str | Sequence[float] = "auto") -> dict[str, Any]:
    """What is to be known of one picture, whose shape and spacing are those of its array.

    Args:
        path: what a case names.
        window: see :func:`medssl.data.read_plane`; ``none`` for a label map.

    Returns:
        What :func:`image_facts` gives, and ``contrast``: by window, how many grey values of 255 lie between the 1st and
        the 99th percentile.
    """
    window = checked_window(window)
    try:
        digest = content_hash(path)
        plane = open_plane(first_file(path), labels=window == "none")
        dark, bright = np.percentile(plane.grey(window), (1, 99))
    except Exception as error:  # readers raise all sorts
        return {"problem": unreadable(error, path)}
    shape = list(plane.values.shape)
    return {
        "sha256": digest,
        "affine": plane.affine.tolist(),
        "grid": shape,
        "shape": shape,
        "spacing": np.linalg.norm(plane.affine[:3, :2], axis=0).round(6).tolist(),
        "range": [float(plane.values.min()), float(plane.values.max())],
        "few_values": few_values(plane.values, FEW_GREYS),
        "contrast": {str(window): float(bright - dark)},
    }


def reason(error: Exception, path: str | Path | Sequence[str]) -> str:
    """What an error says, on one line and without the folders of the image.

    Args:
        error: of a reader.
        path: what a case names.
    """
    lines = [line.strip() for line in str(error).splitlines() if line.strip() and not line.startswith(os.sep)]
    text = " ".join(lines)[:200] or type(error).__name__
    for part in [path] if isinstance(path, str | Path) else path:
        text = text.replace(f"{part}", Path(part).name).replace(f"{Path(part).parent}{os.sep}", "")
    return text


def unreadable(error: Exception, path: str | Path | Sequence[str]) -> str:
    """Why an image cannot be used, and what to do.

    Args:
        error: of a reader.
        path: what a case names.
    """
    named = f"{Path(first_file(path)).name} "
    if isinstance(error, ValueError) and str(error).startswith(named):  # ours, which say what to do
        return str(error).removeprefix(named).rstrip(".")
    return f"cannot be read ({reason(error, path)}); copy it again or remove it"


def few_values(values: np.ndarray, few: int = FEW_VALUES) -> int:
    """How many different values there are, if all are whole numbers from 0 and they are few, as in a label map; else 0.

    Args:
        values: of an image.
        few: most values of a label map.
    """
    flat = values.ravel()
    for some in (flat[:: math.ceil(len(flat) / 50_000)], flat):  # a sample rules out nearly every image
        different = np.unique(some)
        if len(different) > few or bool((different != np.rint(different)).any()) or float(different[0]) < 0:
            return 0
    return len(different)
