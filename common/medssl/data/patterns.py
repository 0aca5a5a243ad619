"""The arithmetic of recurring patterns: how dense a cube is, which patients are near, how a cube is cut and resized."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ["cut_cube", "dense_weight", "nearest", "resize_in_plane"]

SOURCE_AXES = (0, 1)  # in-plane


def dense_weight(window: np.ndarray, *, threshold: float = 0.425, slices: int = 3) -> float:
    """How much of a cube is tissue, a voxel counting less the further below it the tissue begins.

    A voxel looks at itself and at the slices that follow. If the first dense value is its own it counts 1, if it is in
    the last slice or in none it counts 0, and in between it counts in equal steps.

    Args:
        window: the cube and as many more slices as ``slices``, values in [0, 1], ``(X, Y, D + slices)``.
        threshold: value from which on a voxel is dense; 0.425 is -150 HU where [-1000, 1000] is scaled to [0, 1].
        slices: slices that a voxel looks at, 1 or more.

    Returns:
        Sum over the voxels of the cube.

    Source:
        Haghighi et al., Learning Semantics-enriched Representation via Self-discovery, Self-classification, and
        Self-restoration, MICCAI 2020: the lung filter of the published program.
    """
    depth = window.shape[2] - slices
    undecided = np.ones((*window.shape[:2], depth), dtype=bool)
    total = 0.0
    for step in range(slices if slices == 1 else slices - 1):
        found = undecided & (window[:, :, step : step + depth] >= threshold)
        total += found.sum() * (1.0 if slices == 1 else 1 - step / (slices - 1))
        undecided &= ~found
    return float(total)


def nearest(query: np.ndarray, features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Patients from the most similar to the least.

    Args:
        query: feature vector of one patient, ``(E,)``.
        features: feature vectors of those to choose from, ``(N, E)``.

    Returns:
        Their order, ``(N,)``, and their Euclidean distances in that order, ``(N,)``.
    """
    distances = np.linalg.norm(np.asarray(features, dtype=np.float64) - np.asarray(query, dtype=np.float64), axis=1)
    order = np.argsort(distances, kind="stable")
    return order, distances[order]


def cut_cube(volume: np.ndarray, corner: Sequence[int], *, size: int, cube: Sequence[int]) -> np.ndarray:
    """Cut a square column out of a volume and bring it to the size of the cube in its plane.

    Args:
        volume: values, ``(X, Y, Z)``.
        corner: first voxel along each axis.
        size: voxels along the first two axes that are cut; the third is cut as deep as the cube.
        cube: shape of the result.

    Raises:
        ValueError: if the column does not lie inside the volume.
    """
    lengths = (size, size, cube[2])
    ends = [start + length for start, length in zip(corner, lengths, strict=True)]
    if min(corner) < 0 or any(end > room for end, room in zip(ends, volume.shape, strict=True)):
        raise ValueError(f"A cube at {tuple(corner)} of {lengths} voxels does not lie inside {volume.shape}.")
    column = volume[tuple(slice(start, end) for start, end in zip(corner, ends, strict=True))]
    return resize_in_plane(column, (cube[0], cube[1]))


def resize_in_plane(cube: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Resize the first two axes linearly, without smoothing, as if the image were mirrored at its border voxels.

    Args:
        cube: values, ``(X, Y, D)``.
        shape: new lengths of the first two axes.
    """
    for axis, length in zip(SOURCE_AXES, shape, strict=True):
        if cube.shape[axis] != length:
            cube = _resize_axis(cube, length, axis=axis)
    return cube


def _resize_axis(cube: np.ndarray, length: int, *, axis: int) -> np.ndarray:
    old = cube.shape[axis]
    place = (np.arange(length) + 0.5) * old / length - 0.5
    lower = np.floor(place).astype(int)
    share = (place - lower).reshape([-1 if number == axis else 1 for number in range(cube.ndim)])
    first, second = (np.take(cube, _mirrored(lower + step, old), axis=axis) for step in (0, 1))
    return (first * (1 - share) + second * share).astype(cube.dtype)


def _mirrored(index: np.ndarray, length: int) -> np.ndarray:
    index = np.abs(index)  # about the centre of the first voxel
    return np.minimum(index, 2 * (length - 1) - index)  # about the centre of the last
