"""A heart and a chest made of ellipsoids: tissue at any place, exactly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from medssl.samples.heart_planes import HeartFrame

Place = tuple[float, float, float]

LENGTH_MM = 82.0  # from base to apex of the heart that the numbers below describe
RADIUS_MM, TIP_MM = 31.0, 9.0  # of the left ventricle from outside, and thickness of its wall at the tip
MIDDLE = (0.0, 0.0, 0.0)
WALL_MM = {"normal": (8.5, 10.5), "thick_wall": (14.0, 17.0)}
RIGHT = ((26.0, -2.0, 24.0), (29.0, 37.0, 50.0))  # centre and semi-axes to septum, inferior wall and apex
ATRIA = (((-4.0, 2.0, -27.0), (27.0, 29.0, 26.0)), ((44.0, 12.0, -20.0), (25.0, 29.0, 28.0)))
AORTA = ((15.0, -16.0, 2.0), (0.2, -0.85, -0.5), 14.0)  # where it starts, where it goes, radius
CHAMBERS = ("right ventricle", "myocardium", "left ventricle")  # tissue 1, 2, 3; 4 is other blood
BLOOD, MUSCLE, FAT, LUNG, AIR = 220.0, 90.0, 160.0, 12.0, 4.0
GREY = np.array([0.0, BLOOD, MUSCLE, BLOOD, BLOOD])

NOMINAL = ((-20.0, 10.0, 0.0), (-0.74, 0.53, -0.42), (0.65, 0.72, -0.25))  # base, long axis, to the right heart
TORSO_MM, RIM_MM = (165.0, 112.0), 16.0
LUNGS = (((88.0, 0.0, 10.0), (62.0, 84.0, 130.0)), ((-92.0, -8.0, 10.0), (58.0, 84.0, 130.0)))
MEDIASTINUM = ((-28.0, 25.0, -10.0), (82.0, 62.0, 82.0))
SPINE = ((0.0, -75.0), 22.0)
DIAPHRAGM_MM = -75.0
POSE = {False: (9.0, 8.0), True: (25.0, 20.0)}  # degrees and mm by which hearts differ; decoupled from the chest or not


@dataclass(frozen=True)
class PhantomHeart:
    """Ventricles, atria and aorta of a heart; all its lengths follow the distance from base to apex.

    The left ventricle is half an ellipsoid with a cavity in it, the right one an ellipsoid that leans on it, so that
    the heart has a right and a left, an upper and a lower side.

    Args:
        frame: where it lies.
        wall_mm: thickness of the left ventricle's wall if the heart is 82 mm long.
    """

    frame: HeartFrame
    wall_mm: float = 9.5

    def tissue(self, points: np.ndarray) -> np.ndarray:
        """1 right ventricle, 2 myocardium, 3 left ventricle, 4 other blood, else 0.

        Args:
            points: RAS mm.

        Shape:
            ``(3, *S)`` in, ``(*S)`` out, uint8.
        """
        scale = LENGTH_MM / self.frame.length_mm
        place = np.tensordot(self.frame.axes.T * scale, points - _column(self.frame.base, points), axes=1)
        below = place[2] >= 0
        cavity = RADIUS_MM - self.wall_mm
        tissue = np.zeros(points.shape[1:], np.uint8)
        tissue[_in_tube(place, AORTA)] = 4
        for atrium in ATRIA:
            tissue[_inside(place, atrium) & ~below] = 4
        tissue[_inside(place, RIGHT) & (place[2] >= -6)] = 1
        tissue[_inside(place, (MIDDLE, (RADIUS_MM, RADIUS_MM, LENGTH_MM))) & below] = 2
        tissue[_inside(place, (MIDDLE, (cavity, cavity, LENGTH_MM - TIP_MM))) & below] = 3
        return tissue

    def laid_into(self, grey: np.ndarray, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Brightness and chambers at places in RAS mm: the heart's where there is heart, otherwise the grey given.

        Shape:
            ``(*S)`` and ``(3, *S)`` in, ``(*S)`` and ``(*S)`` out.
        """
        tissue = self.tissue(points)
        return np.where(tissue > 0, GREY[tissue], grey), np.where(tissue > len(CHAMBERS), 0, tissue)


class PhantomBody:
    """An analytic chest with an analytic heart.

    Args:
        generator: draws sizes and pose.
        category: thickness of the wall, a key of ``WALL_MM``.
        heart: whether there is a heart; without it planes lie as if there were one.
        decoupled: draw the heart's pose 25 degrees and 20 mm around the usual one instead of 9 degrees and 8 mm, so
            that the chest does not tell it.
    """

    def __init__(
        self, generator: np.random.Generator, *, category: str = "normal", heart: bool = True, decoupled: bool = False
    ) -> None:
        self.torso = generator.uniform(0.92, 1.08, size=3)
        turn_deg, shift_mm = POSE[decoupled]
        self.frame = _draw_frame(generator, turn_deg=turn_deg, shift_mm=shift_mm)
        self.heart = PhantomHeart(self.frame, generator.uniform(*WALL_MM[category])) if heart else None

    def look(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Brightness and chambers at places in RAS mm: ``(3, *S)`` in, ``(*S)`` and ``(*S)`` out."""
        grey = self._chest(points / _column(self.torso, points))
        return self.heart.laid_into(grey, points) if self.heart else (grey, np.zeros(grey.shape, np.uint8))

    def _chest(self, place: np.ndarray) -> np.ndarray:
        across = np.hypot(place[0] / TORSO_MM[0], place[1] / TORSO_MM[1])
        within = np.hypot(place[0] / (TORSO_MM[0] - RIM_MM), place[1] / (TORSO_MM[1] - RIM_MM))
        grey = np.select([across > 1, within > 1], [AIR, FAT], MUSCLE)
        for lung in LUNGS:
            grey[_inside(place, lung) & (within < 0.94)] = LUNG
        grey[_inside(place, MEDIASTINUM)] = FAT
        grey[(place[2] < DIAPHRAGM_MM) & (within < 1)] = MUSCLE
        (x, y), radius = SPINE
        grey[np.hypot(place[0] - x, place[1] - y) < radius] = 0.5 * (MUSCLE + FAT)
        return grey


def _draw_frame(generator: np.random.Generator, *, turn_deg: float, shift_mm: float) -> HeartFrame:
    base, long, right = map(np.array, NOMINAL)
    turn = Rotation.from_rotvec(generator.normal(0, turn_deg / np.sqrt(3), size=3), degrees=True).as_matrix()
    size = generator.uniform(0.92, 1.08)
    base = base + generator.normal(0, shift_mm, size=3)
    long = turn @ long / np.linalg.norm(long)
    return HeartFrame(base, base + size * LENGTH_MM * long, base + 30 * turn @ right)


def _inside(place: np.ndarray, ellipsoid: tuple[Place, Place]) -> np.ndarray:
    squares = [((part - middle) / half) ** 2 for part, middle, half in zip(place, *ellipsoid, strict=True)]
    return np.sum(squares, axis=0) <= 1


def _in_tube(place: np.ndarray, tube: tuple[Place, Place, float]) -> np.ndarray:
    start, direction, radius = tube
    axis = np.array(direction) / np.linalg.norm(direction)
    away = place - _column(np.array(start), place)
    along = np.tensordot(axis, away, axes=1)
    return (along >= 0) & ((away**2).sum(axis=0) - along**2 <= radius**2)


def _column(vector: np.ndarray, points: np.ndarray) -> np.ndarray:
    return vector.reshape(3, *(1 for _ in points.shape[1:]))
