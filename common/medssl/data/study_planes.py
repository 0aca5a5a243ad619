"""Image planes of one file or series, with all their frames and their place in the patient."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from medssl.geometry import normal

__all__ = ["StudyImage", "StudyPlane", "chosen_frames", "require_right_angle", "upright"]

LARGEST_SHEAR_DEG = 0.1  # headers round directions to four digits or more, which is 0.01 degrees


@dataclass(frozen=True)
class StudyPlane:
    """One plane and what it showed over time.

    Args:
        values: as the file means them, after any rescaling, ``(T, W, H)``, columns before rows.
        affine: pixel ``(u, v, 0, 1)`` to RAS in mm, float64, ``(4, 4)``; the third column is the normal times the
            thickness or the step to the next slice.
        times_ms: of each frame after the R wave; none where the file does not say.
        thickness_mm: of the slice; 0 where the file does not say.
    """

    values: np.ndarray
    affine: np.ndarray
    times_ms: tuple[float, ...] = ()
    thickness_mm: float = 0.0


@dataclass(frozen=True)
class StudyImage:
    """All planes of one file or series.

    Args:
        planes: in the order of the file.
        placed: whether their affines are known; if not, these hold nothing but the size of the voxels.
        study: the study's identifier; empty where the file has none.
        frame_of_reference: identifier of the space in which they lie; empty where the file has none.
    """

    planes: tuple[StudyPlane, ...]
    placed: bool = True
    study: str = ""
    frame_of_reference: str = ""


def upright(affine: np.ndarray) -> np.ndarray:
    """The affine with a third column that is the normal, as long as the third column was (1 if it was nothing).

    Args:
        affine: of a plane, ``(4, 4)``.
    """
    result = np.array(affine, dtype=np.float64)
    result[:3, 2] = normal(affine).numpy() * (np.linalg.norm(affine[:3, 2]) or 1.0)
    return result


def require_right_angle(affine: np.ndarray, name: str) -> None:
    """Refuse a plane whose pixels have no size, or whose rows and columns do not meet at a right angle.

    Args:
        affine: of a plane, ``(4, 4)``.
        name: of its file, for the message.

    Raises:
        ValueError: if it is such a plane.
    """
    steps = np.linalg.norm(affine[:3, :2], axis=0)
    if not np.isfinite(affine).all() or not (steps > 0).all():
        raise ValueError(f"{name} has pixels of the size {steps.tolist()} mm; correct its header.")
    cosine = float(affine[:3, 0] @ affine[:3, 1] / steps.prod())
    angle = math.degrees(math.acos(max(-1.0, min(1.0, cosine))))
    if abs(angle - 90) > LARGEST_SHEAR_DEG:
        raise ValueError(
            f"{name} has rows and columns that meet at {angle:.2f} degrees, needed are 90 (within "
            f"{LARGEST_SHEAR_DEG:g}): its affine is sheared, or its directions are wrong; resample or correct it."
        )


def chosen_frames(count: int, frames: str | Sequence[int]) -> list[int]:
    """Which of the frames of a plane to keep.

    Args:
        count: how many it has, at least 1.
        frames: ``all``, ``first``, or their numbers, from 0 or back from -1; those that a plane has not are passed
            over, and of a plane that has none of them the first is kept.

    Raises:
        ValueError: if it is something else.
    """
    if frames == "all":
        return list(range(count))
    if frames == "first":
        return [0]
    if isinstance(frames, str) or not frames or not all(isinstance(number, int) for number in frames):
        raise ValueError(f"frames is 'all', 'first' or a list of numbers such as [0, 10], got {frames!r}.")
    return [number % count for number in frames if -count <= number < count] or [0]
