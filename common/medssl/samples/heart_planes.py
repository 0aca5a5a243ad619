"""Where cardiac image planes lie: the axes of a heart, and views prescribed along them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

VIEWS = ("SAX", "2CH", "3CH", "4CH")
TURN_DEG = {"4CH": 0.0, "2CH": 70.0, "3CH": -52.0}  # about the long axis, from the plane through both ventricles
PIXEL_MM = 1.5
STACK_SIZE, STACK_MM = 100, 8.0  # short axis: pixels along an edge, slice thickness without a gap
LONG_SIZE, LONG_MM = 120, 6.0
DEPTHS = (np.arange(5) + 0.5) / 5 - 0.5  # of a slice, in thicknesses
BEYOND_MM = (4.0, 20.0)  # how far a stack reaches over the base
TILT_DEG, OFF_MM = 4.0, 3.0  # how well a technician meets the axes
TURN_IN_PLANE_DEG, FIELD_MM = 13.0, 10.0


@dataclass(frozen=True)
class HeartFrame:
    """Three landmarks of a heart, and the axes through them.

    Args:
        base: middle of the mitral valve, RAS mm, ``(3,)``.
        apex: outer tip of the left ventricle, RAS mm, ``(3,)``.
        right: middle of the right heart, RAS mm, ``(3,)``.
    """

    base: np.ndarray
    apex: np.ndarray
    right: np.ndarray

    @property
    def length_mm(self) -> float:
        """From base to apex."""
        return float(np.linalg.norm(self.apex - self.base))

    @property
    def axes(self) -> np.ndarray:
        """Unit vectors as columns, ``(3, 3)``: to the septum, to the inferior wall, along the long axis to the apex."""
        long = (self.apex - self.base) / self.length_mm
        septal = self.right - self.base
        septal = septal - (septal @ long) * long
        septal /= np.linalg.norm(septal)
        return np.stack([septal, np.cross(long, septal), long], axis=1)


@dataclass(frozen=True)
class HeartView:
    """One image plane or a stack of parallel ones.

    Args:
        view: one of ``VIEWS``.
        affine: index to RAS mm, ``(4, 4)``; the third column is the unit normal times the slice thickness.
        shape: columns, rows, slices.
    """

    view: str
    affine: np.ndarray
    shape: tuple[int, int, int]

    def points(self, number: int) -> np.ndarray:
        """Where the pixels of one slice lie, five times through its thickness.

        Args:
            number: which slice.

        Returns:
            RAS mm, ``(3, 5, columns, rows)``.
        """
        depth, u, v = np.meshgrid(DEPTHS, *map(np.arange, self.shape[:2]), indexing="ij")
        return np.tensordot(self.affine[:3], np.stack([u, v, number + depth, np.ones(u.shape)]), axes=1)


def prescribe(frame: HeartFrame, view: str, *, generator: np.random.Generator) -> HeartView:
    """Lay a view into a heart as a technician does: along its axes, but not exactly.

    A short-axis stack goes from the apex to a little beyond the base, with the right ventricle to the left of the
    picture and the inferior wall below. Long-axis views contain the long axis; the 4-chamber view, the apex above, also
    the middle of the right heart, and the others, the apex to the left, are turned about the long axis. All are then
    turned by 4 degrees about any axis and shifted by 3 mm in any direction (root mean squares), pictures turned in
    plane (13 degrees) and their fields of view shifted (10 mm an axis).

    Args:
        frame: the heart's landmarks.
        view: one of ``VIEWS``.
        generator: draws how well it is met, how far the stack goes, and where the field of view lies.
    """
    septal, inferior, long = frame.axes.T
    middle = frame.base + 0.5 * frame.length_mm * long
    if view == "SAX":
        axes, size, thickness = np.stack([-septal, inferior, -long], axis=1), STACK_SIZE, STACK_MM
        slices = round((frame.length_mm + generator.uniform(*BEYOND_MM)) / thickness) + 1
        first = frame.length_mm - generator.uniform(0, thickness)
        corner = frame.base + first * long
    else:
        turn = np.radians(TURN_DEG[view])
        across = np.cos(turn) * septal + np.sin(turn) * inferior
        u, v = (-across, -long) if view == "4CH" else (-long, across)
        axes, size, thickness, slices, corner = np.stack([u, v, np.cross(u, v)], axis=1), LONG_SIZE, LONG_MM, 1, middle
    wrong = Rotation.from_rotvec(_draw(TILT_DEG, generator), degrees=True).as_matrix()
    turned = Rotation.from_rotvec([0, 0, generator.normal(0, TURN_IN_PLANE_DEG)], degrees=True).as_matrix()
    axes = wrong @ axes @ turned
    corner = middle + wrong @ (corner - middle) + _draw(OFF_MM, generator)
    shift = generator.normal(0, FIELD_MM, size=2) - (size - 1) / 2 * PIXEL_MM
    affine = np.eye(4)
    affine[:3, :3] = axes * (PIXEL_MM, PIXEL_MM, thickness)
    affine[:3, 3] = corner + axes[:, :2] @ shift
    return HeartView(view, affine, (size, size, slices))


def _draw(length: float, generator: np.random.Generator) -> np.ndarray:
    """A vector in any direction, ``length`` long as a root mean square."""
    return generator.normal(0, length / np.sqrt(3), size=3)
