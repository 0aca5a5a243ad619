"""Virtual patients: the embedded CT, smoothly deformed, with other grey values and new noise."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from scipy.spatial.transform import Rotation
from torch import Tensor

from medssl.geometry.fields import Generator, identity_grid, jacobian_determinant, sample_at, smooth_displacement
from medssl.samples.chest import AIR_HU, MAX_HU, Scan, chest_ct

logger = logging.getLogger(__name__)

AMPLITUDE_MM, SMOOTHNESS_MM = 20.0, 32.0
SCALE, ROTATION_DEG = 0.12, 5.0
SHIFT_HU, CONTRAST, CONTRAST_ABOVE_HU = 15.0, 0.15, 60.0
NOISE_HU = (12.0, 18.0)
LOWEST_JACOBIAN = 0.2


@dataclass(frozen=True)
class VirtualPatient(Scan):
    """A deformed copy of the embedded CT and the way back to it.

    The tissue at index ``i`` of this scan lies at ``i * spacing + displacement_mm[:, i]`` mm from the embedded CT's
    voxel 0, along that CT's axes. One anatomy underlies all virtual patients: they are demonstration and test data.

    Args:
        image: HU, int16, ``(*S)``.
        label: as in :class:`Scan`.
        affine: as in :class:`Scan`.
        displacement_mm: known correspondence, float32, ``(3, *S)``.
        jacobian: smallest and largest Jacobian determinant of that correspondence; both above 0.
    """

    displacement_mm: np.ndarray
    jacobian: tuple[float, float]

    def resampled(self, spacing: float) -> VirtualPatient:
        """Give the same patient with other voxels, starting at the same one; itself if they are the same."""
        coarse = Scan(self.image, self.label, self.affine).resampled(spacing)
        if coarse.image is self.image:
            return self
        grid = identity_grid(coarse.image.shape) * (spacing / self.spacing)
        field = sample_at(torch.from_numpy(self.displacement_mm), grid).numpy()
        return VirtualPatient(coarse.image, coarse.label, coarse.affine, field, self.jacobian)


def virtual_patient(seed: int | tuple[int, ...], *, spacing: float = 2.0) -> VirtualPatient:
    """Draw one virtual patient.

    Shape comes from a smooth displacement (up to 20 mm an axis, smoothed at 32 mm), a scale of 0.88 to 1.12 along each
    axis and a rotation of up to 5 degrees about each; brightness from a shift of up to 15 HU, up to 15 % more or less
    contrast above 60 HU, and noise of 12 to 18 HU. Beyond the border of the CT its outermost voxels go on.

    Args:
        seed: the same one gives the same patient, in every spacing.
        spacing: edge length of the voxels in mm.
    """
    generator = np.random.default_rng(seed)
    scan = _source()
    displacement, jacobian = draw_deformation(scan.image.shape, scan.spacing, generator=generator)
    coordinates = identity_grid(scan.image.shape) + displacement
    image = sample_at(torch.from_numpy(scan.image)[None].float(), coordinates)[0].numpy()
    label = sample_at(torch.from_numpy(scan.label)[None], coordinates, mode="nearest")[0].numpy()
    field = (displacement * scan.spacing).numpy()
    logger.debug("virtual patient %s: Jacobian %.2f to %.2f", seed, *jacobian)
    patient = VirtualPatient(_other_brightness(image, generator), label, scan.affine.copy(), field, jacobian)
    return patient.resampled(spacing)


@lru_cache(maxsize=1)
def _source() -> Scan:
    return chest_ct()


def draw_deformation(
    shape: tuple[int, ...], spacing: float, *, generator: Generator
) -> tuple[Tensor, tuple[float, float]]:
    """Draw a deformation that folds nowhere.

    A field that folds or nearly does is made 10 % weaker until its lowest Jacobian determinant is 0.2 or more.

    Returns:
        A displacement in voxels, ``(3, *S)``, and the range of its Jacobian determinant.
    """
    linear = _draw_linear(generator)
    grid = identity_grid(shape)
    centre = (torch.tensor(shape).view(-1, 1, 1, 1) - 1) / 2
    posed = torch.tensordot(linear - torch.eye(3), grid - centre, dims=1)
    field = smooth_displacement(shape, AMPLITUDE_MM / spacing, sigma=SMOOTHNESS_MM / spacing, generator=generator)
    while (determinant := jacobian_determinant(posed + field)).min() < LOWEST_JACOBIAN:
        field *= 0.9
    return posed + field, (float(determinant.min()), float(determinant.max()))


def _draw_linear(generator: Generator) -> Tensor:
    angles = generator.uniform(-ROTATION_DEG, ROTATION_DEG, size=3)
    scales = generator.uniform(1 - SCALE, 1 + SCALE, size=3)
    turn = Rotation.from_euler("xyz", angles, degrees=True).as_matrix()
    return torch.from_numpy(turn @ np.diag(1 / scales)).float()  # pulled: a patient twice as large looks half as far


def _other_brightness(image: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    contrast = 1 + generator.uniform(-CONTRAST, CONTRAST)
    shift, noise = generator.uniform(-SHIFT_HU, SHIFT_HU), generator.uniform(*NOISE_HU)
    body = image > AIR_HU + 1
    image = image + (contrast - 1) * np.clip(image - CONTRAST_ABOVE_HU, 0, None)
    image += shift + noise * generator.standard_normal(image.shape, dtype=np.float32)
    return np.where(body, np.clip(np.round(image), AIR_HU, MAX_HU), AIR_HU).astype(np.int16)
