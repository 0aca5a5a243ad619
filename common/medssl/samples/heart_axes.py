"""The axes of the heart in the embedded CT, found from its contrast medium."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from medssl.samples.chest import ORGANS, Scan
from medssl.samples.heart_planes import HeartFrame

BLOOD_HU, SMOOTH_MM, EROSION_MM = 250, 2.0, 4.0
TO_APEX = np.array([-1.0, 1.0, -1.0])  # left, front, feet: where the search for the long axis starts
ATRIUM, APEX = 0.25, 0.97  # shares of the left heart along its axis: the atrium lies before, the tip after
ROUNDS = 3
VALVE = 0.35  # where the mitral valve lies from the middle of the atrium to the tip of the cavity
WALL_MM = 12.0  # from the tip of the eroded cavity to the tip of the heart


def find_heart(scan: Scan) -> HeartFrame:
    """Find the landmarks of a heart that is full of contrast medium.

    Both halves of the heart are what is bright in it, eroded until they part; the left one lies behind. Its long axis
    goes from the middle of the atrium, the quarter behind, to the tip of the ventricle, and is found in three rounds.

    Args:
        scan: with a heart (label 2), bright blood, cubic voxels.

    Raises:
        ValueError: if the blood of the heart is not two pieces.
    """
    right, left = _halves(scan)
    axis = TO_APEX / np.linalg.norm(TO_APEX)
    for _ in range(ROUNDS):
        along = left @ axis
        atrium = left[along <= np.quantile(along, ATRIUM)].mean(axis=0)
        tip = left[along >= np.quantile(along, APEX)].mean(axis=0)
        axis = (tip - atrium) / np.linalg.norm(tip - atrium)
    return HeartFrame(atrium + VALVE * (tip - atrium), tip + WALL_MM * axis, right.mean(axis=0))


def _halves(scan: Scan) -> tuple[np.ndarray, np.ndarray]:
    """Places of the right and the left heart's blood, RAS mm, ``(n, 3)`` each."""
    rounds = max(1, round(EROSION_MM / scan.spacing))
    smooth = ndimage.gaussian_filter(scan.image.astype(np.float32), SMOOTH_MM / scan.spacing)
    inside = ndimage.binary_erosion(scan.label == ORGANS.index("heart") + 1, iterations=rounds)
    pieces, count = ndimage.label(ndimage.binary_erosion(inside & (smooth > BLOOD_HU), iterations=rounds))
    if count < 2:
        raise ValueError(
            f"The axes of a heart need its blood above {BLOOD_HU} HU in two pieces, got {count}; "
            "take a CT with contrast medium and a heart (label 2)."
        )
    largest = np.argsort(np.bincount(pieces.ravel())[1:])[-2:] + 1
    halves = (np.argwhere(pieces == piece) @ scan.affine[:3, :3].T + scan.affine[:3, 3] for piece in largest)
    front, back = sorted(halves, key=lambda places: -places[:, 1].mean())
    return front, back
