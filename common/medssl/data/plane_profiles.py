"""What two images show along the line in which their planes cross."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from scipy.ndimage import map_coordinates, uniform_filter1d
from torch import Tensor

from medssl.geometry import common_segments, pixels_of

__all__ = ["PlaneImage", "agreements", "line_profiles", "profile_shifts", "shared_segments"]

STEP_MM = 1.0
TEXTURE_SAMPLES = 7  # width of the window in which the local spread is taken
LEAST_MM = 20.0  # a shorter common line says little
LEAST_ANGLE_DEG = 15.0  # below, a small error moves the line far
REACH_MM = 20


@dataclass(frozen=True)
class PlaneImage:
    """One image in space.

    Args:
        name: what it is called in tables and pictures, such as "SAX 3".
        stack: name of the stack that it belongs to; a single plane is a stack of its own.
        affine: of its pixels, RAS in mm, ``(4, 4)``, float64.
        values: grey values, ``(W, H)``.
    """

    name: str
    stack: str
    affine: Tensor
    values: np.ndarray


Pairs = Sequence[tuple[PlaneImage, PlaneImage]]


def agreements(pairs: Pairs) -> np.ndarray:
    """How alike two images are along their common line.

    Args:
        pairs: of images.

    Returns:
        For every pair the correlation of the grey values, that of their local spread, which is alike in images of
        different contrast too, and the length of the common line in mm, ``(n, 3)``; NaN where there is no such line of
        20 mm, or an image is uniform on it.
    """
    if not pairs:
        return np.zeros((0, 3))
    profiles, lengths = line_profiles(pairs)
    known = np.isfinite(profiles[:, 0])
    first, second = np.nan_to_num(profiles.swapaxes(0, 1))
    columns = [
        correlations(a, b, known=known) for a, b in ((first, second), (local_spread(first), local_spread(second)))
    ]
    return np.stack([*columns, np.where(np.isfinite(columns[0]), lengths, np.nan)], axis=1)


def profile_shifts(pairs: Pairs) -> np.ndarray:
    """How far one profile has to slide along the common line to fit the other one best: what a breath leaves behind.

    Args:
        pairs: of images.

    Returns:
        Distances in whole mm up to 20, as long as half the line still overlaps, ``(n,)``; NaN where nothing is known.
    """
    if not pairs:
        return np.zeros(0)
    profiles, lengths = line_profiles(pairs)
    first, second = profiles.swapaxes(0, 1)
    steps = range(-REACH_MM, REACH_MM + 1)
    scores = [_slid(first, second, step=step, least=lengths / 2) for step in sorted(steps, key=abs)]
    best = np.argmax(np.nan_to_num(scores, nan=-np.inf), axis=0)
    distances = np.array(sorted(map(abs, steps)), dtype=float)[best] * STEP_MM
    return np.where(np.isfinite(scores[0]), distances, np.nan)


def line_profiles(pairs: Pairs) -> tuple[np.ndarray, np.ndarray]:
    """Grey values of two images along their common line, a sample a millimetre.

    Args:
        pairs: of images, at least one.

    Returns:
        Both profiles of every pair, ``(n, 2, samples)``, NaN behind the line's end, and lengths in mm, ``(n,)``; both
        NaN where there is no line of 20 mm.
    """
    segments = shared_segments(pairs)
    lengths = torch.linalg.vector_norm(segments[:, 1] - segments[:, 0], dim=-1)
    lengths = torch.where(lengths >= LEAST_MM, lengths, torch.nan)
    steps = torch.arange(int(lengths.nan_to_num().max()) + 1, dtype=torch.float64) * STEP_MM
    share = (steps / lengths[:, None])[..., None]
    points = segments[:, :1] + torch.where(share <= 1, share, torch.nan) * (segments[:, 1:] - segments[:, :1])
    profiles = np.full((len(pairs), 2, len(steps)), np.nan)
    for side in (0, 1):
        affines = torch.stack([pair[side].affine for pair in pairs])
        pixels = pixels_of(affines, points).numpy()
        images = {id(pair[side].values): pair[side].values for pair in pairs}
        owners = np.array([id(pair[side].values) for pair in pairs])
        for key, values in images.items():
            mine = (owners == key)[:, None] & np.isfinite(pixels[..., 0])
            samples = map_coordinates(values, pixels[mine].T, order=1, mode="nearest", output=float)
            profiles[:, side][mine] = samples
    return profiles, lengths.numpy()


def shared_segments(pairs: Pairs) -> Tensor:
    """The line in which two images cross, as far as both show it, see :func:`medssl.geometry.common_segments`.

    Args:
        pairs: of images, at least one.

    Shape:
        ``(n, 2, 3)``; NaN where they do not cross at an angle of 15 degrees or more.
    """
    hosts, guests = (torch.stack([pair[side].affine for pair in pairs]) for side in (0, 1))
    sizes = torch.tensor([[one.values.shape, other.values.shape] for one, other in pairs])
    return common_segments(hosts, guests, sizes=sizes, least_angle_deg=LEAST_ANGLE_DEG)


def _slid(first: np.ndarray, second: np.ndarray, *, step: int, least: np.ndarray) -> np.ndarray:
    """Correlations after a slide by so many samples; NaN where less than ``least`` mm are left."""
    count = first.shape[1]
    ahead, behind = first[:, max(0, step) : count + min(0, step)], second[:, max(0, -step) : count + min(0, -step)]
    known = np.isfinite(ahead) & np.isfinite(behind)
    scores = correlations(np.nan_to_num(ahead), np.nan_to_num(behind), known=known)
    return np.where(known.sum(axis=1) * STEP_MM >= least, scores, np.nan)


def correlations(first: np.ndarray, second: np.ndarray, *, known: np.ndarray) -> np.ndarray:
    """Pearson's correlation row by row over the known samples; NaN if one row is uniform."""
    count = np.maximum(known.sum(axis=1, keepdims=True), 1)
    first, second = (
        known * (profile - (profile * known).sum(axis=1, keepdims=True) / count) for profile in (first, second)
    )
    scale = np.sqrt((first**2).sum(axis=1) * (second**2).sum(axis=1))
    return np.divide((first * second).sum(axis=1), scale, out=np.full(len(scale), np.nan), where=scale > 0)


def local_spread(profiles: np.ndarray) -> np.ndarray:
    """Standard deviation in a window around every sample."""
    mean = uniform_filter1d(profiles, TEXTURE_SAMPLES, axis=-1)
    square = uniform_filter1d(profiles**2, TEXTURE_SAMPLES, axis=-1)
    return np.sqrt(np.maximum(square - mean**2, 0))
