"""The chest of a virtual patient as grey tissue at any place in space, as a magnetic resonance image would show it."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from scipy import ndimage
from torch import Tensor

from medssl.geometry import sample_at
from medssl.samples.chest import AIR_HU, MAX_HU, ORGANS, Scan, chest_ct
from medssl.samples.heart_axes import find_heart
from medssl.samples.heart_planes import HeartFrame
from medssl.samples.phantom import FAT, WALL_MM, PhantomHeart
from medssl.samples.virtual import draw_deformation

FIELD_MM = 8.0  # step of the deformation's grid; it is smooth at 32 mm
ROUNDS = 100  # after which landmarks of 200 patients were known to 0.0001 mm
# Blood with contrast medium is bright, as in bright-blood sequences; muscle is dark, fat bright, lung black.
SHADES = {-1024: 4, -800: 10, -300: 40, -110: 165, -40: 120, 20: 75, 130: 90, 170: 120, 280: 210, 600: 235, 3064: 235}
UNEVEN = 0.08  # how far the grey of any tissue differs between patients
SOFT_MM, VESSELS_MM, BLOOD_HU = 4.0, 24.0, 180  # a heart that is taken out takes its edge and its vessels' ends along


class ChestBody:
    """The embedded CT or a virtual patient, who is never made as a whole: only what a plane shows is looked up.

    Args:
        generator: draws shape and grey values; that of :func:`medssl.samples.virtual_patient` gives the shape of the
            same patient, to 1 mm. The embedded CT itself without one.
        heart: whether there is one; otherwise fat takes its place.
    """

    def __init__(self, generator: np.random.Generator | None = None, *, heart: bool = True) -> None:
        scan, known, share = _source()
        self.to_voxels = np.linalg.inv(scan.affine)
        self.spacing = scan.spacing
        self.displacement_mm = torch.zeros(3, 1, 1, 1) if generator is None else _draw_field(scan, generator)
        shades = np.array([*SHADES.values()], np.float64)
        if generator is not None:
            shades *= generator.uniform(1 - UNEVEN, 1 + UNEVEN, size=len(shades))
        table = np.interp(np.arange(AIR_HU, MAX_HU + 1), [*SHADES], shades).astype(np.float32)
        volume = table[scan.image.astype(np.int32) - AIR_HU]
        self.volume = torch.from_numpy(volume if heart else volume + share * (FAT - volume))[None]
        self.frame = HeartFrame(*(self._moved(place) for place in (known.base, known.apex, known.right)))

    def look(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Brightness at places in RAS mm, and 0, for nothing is known of chambers: ``(3, *S)`` in, ``(*S)`` out."""
        voxels = self.origin(points).reshape(3, 1, 1, -1) / self.spacing
        grey = sample_at(self.volume, voxels).reshape(points.shape[1:]).numpy()
        return grey, np.zeros(grey.shape, np.uint8)

    def origin(self, points: np.ndarray) -> Tensor:
        """Where the tissue at places in RAS mm lies in the embedded CT, in mm from its voxel 0 along its axes.

        Shape:
            ``(3, *S)`` in, the same out.
        """
        flat = np.concatenate([points.reshape(3, -1), np.ones((1, points[0].size))])
        places = torch.from_numpy(self.to_voxels[:3] @ flat).float().reshape(3, 1, 1, -1) * self.spacing
        return (places + sample_at(self.displacement_mm, places / FIELD_MM)).reshape(points.shape)

    def _moved(self, place: np.ndarray) -> np.ndarray:
        """Where the tissue of a place in the embedded CT lies in this patient."""
        to_world = np.linalg.inv(self.to_voxels)
        known = torch.from_numpy(self.to_voxels[:3] @ [*place, 1]).float().view(3, 1, 1, 1) * self.spacing
        moved = known
        for _ in range(ROUNDS):
            moved = known - sample_at(self.displacement_mm, moved / FIELD_MM)
        return to_world[:3] @ [*(moved.flatten() / self.spacing).tolist(), 1]


class PhantomInChest(ChestBody):
    """The same with a phantom's heart, whose chambers are known, in place of the patient's.

    Args:
        generator: draws shape and grey values of the chest and the heart's wall; the embedded CT itself without one.
        category: thickness of the wall, a key of ``WALL_MM``.
    """

    def __init__(self, generator: np.random.Generator | None = None, *, category: str = "normal") -> None:
        super().__init__(generator, heart=False)
        low, high = WALL_MM[category]
        self.phantom = PhantomHeart(self.frame, (low + high) / 2 if generator is None else generator.uniform(low, high))

    def look(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Brightness and chambers at places in RAS mm: ``(3, *S)`` in, ``(*S)`` and ``(*S)`` out."""
        return self.phantom.laid_into(super().look(points)[0], points)


@lru_cache(maxsize=1)
def _source() -> tuple[Scan, HeartFrame, np.ndarray]:
    """The embedded CT, its landmarks, and how much of every voxel is heart, with a soft edge."""
    scan = chest_ct()
    heart = scan.label == ORGANS.index("heart") + 1
    blood = heart | (scan.image > BLOOD_HU)
    heart = ndimage.binary_dilation(heart, iterations=round(VESSELS_MM / scan.spacing), mask=blood)
    share = ndimage.gaussian_filter(heart.astype(np.float32), SOFT_MM / scan.spacing, truncate=2)
    return scan, find_heart(scan), np.clip(4 * share, 0, 1)


def _draw_field(scan: Scan, generator: np.random.Generator) -> Tensor:
    """A deformation as virtual patients have it, in mm on a grid of 8 mm."""
    shape = [int(np.ceil((n - 1) * scan.spacing / FIELD_MM)) + 1 for n in scan.image.shape]
    return draw_deformation(tuple(shape), FIELD_MM, generator=generator)[0] * FIELD_MM
