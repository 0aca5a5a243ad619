"""Simulated nodules: a ball with a soft edge inside a lung."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from medssl.samples.chest import ORGANS, Scan

LUNGS = ORGANS.index("lungs") + 1
DIAMETER_MM, EDGE_MM = (18.0, 30.0), 3.0
CLEARANCE_MM, SEARCH_MM = 10.0, 4.0


def draw_nodule(scan: Scan, *, generator: np.random.Generator) -> np.ndarray:
    """Draw one round nodule of 18 to 30 mm inside a lung, where a frontal film shows it against the lung.

    Its middle is at least half a radius deep in the lung. What else has a label, heart and abdomen for instance, lies
    neither before nor behind the nodule, and not within 10 mm of that.

    Args:
        scan: axes to the patient's left, back and head.
        generator: draws diameter and place.

    Returns:
        The nodule's share of every voxel, float32, ``(*S)``.

    Raises:
        ValueError: if the lungs have no such place.
    """
    radius = generator.uniform(*DIAMETER_MM) / 2
    step = max(1, round(SEARCH_MM / scan.spacing))
    places = step * _free_places(scan.label[::step, ::step, ::step], radius, spacing=step * scan.spacing)
    if not len(places):
        raise ValueError(
            f"A nodule of {2 * radius:.0f} mm needs a place in the lungs that nothing hides, but there is none among "
            f"{int((scan.label == LUNGS).sum())} voxels with label {LUNGS}; simulate without a nodule."
        )
    centre = places[generator.integers(len(places))]
    return soft_ball(scan.image.shape, centre, radius=radius / scan.spacing, edge=EDGE_MM / scan.spacing)


def soft_ball(shape: tuple[int, ...], centre: np.ndarray, *, radius: float, edge: float) -> np.ndarray:
    """One inside a ball, 0 outside, and a straight slope of width ``edge`` between them; all lengths in voxels."""
    axes = (np.arange(n, dtype=np.float32) - middle for n, middle in zip(shape, centre, strict=True))
    x, y, z = np.meshgrid(*(axis**2 for axis in axes), indexing="ij", sparse=True)
    return np.clip((radius - np.sqrt(x + y + z)) / edge + 0.5, 0, 1).astype(np.float32)


def _free_places(label: np.ndarray, radius: float, *, spacing: float) -> np.ndarray:
    lungs = label == LUNGS
    hidden = ((label > 0) & ~lungs).any(axis=1)
    clear = ndimage.distance_transform_edt(np.pad(~hidden, 1, constant_values=True))[1:-1, 1:-1]
    deep = ndimage.distance_transform_edt(np.pad(lungs, 1))[1:-1, 1:-1, 1:-1]
    return np.argwhere((deep * spacing > radius / 2) & (clear * spacing > radius + CLEARANCE_MM)[:, None, :])
