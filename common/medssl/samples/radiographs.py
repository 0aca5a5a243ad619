"""Simulated chest radiographs: X-rays through a CT, shown as a film."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import nibabel as nib
import numpy as np
import torch
from scipy import ndimage
from torch.nn.functional import interpolate

from medssl.samples.chest import ORGANS, Scan
from medssl.samples.nodules import draw_nodule
from medssl.samples.projection import Beam, project

WATER_PER_MM, PHOTONS = 0.019, 2e4
BONE, BONE_HU = 0.5, (150.0, 400.0)  # bone stops more X-rays than its HU say: up to 1.5 times
TILT_DEG, TURN_DEG, LEAN_DEG = 5.0, 4.0, 2.0
MEDIUM_HU, VESSEL_HU, BLOOD_HU, NODULE_HU = 900.0, 60.0, 50.0, 100.0
HALO_MM, CHEST_MM = 4.0, 8.0
ABOVE_MM, AROUND = 25.0, 1.16  # film above the lungs; width of the film over that of the lungs
GAMMA, SHARPENING = 0.9, ((0.3, 0.006), (0.6, 0.04))  # amount, and width in edge lengths of the film
SHADOWS = {  # what the lung fields are cut from: organs, and the path in mm from which they count
    "lungs": (("lungs",), 12.0),
    "heart": (("heart", "aorta"), 25.0),
    "abdomen": (("liver", "spleen", "kidneys", "stomach"), 30.0),
    "spine": (("vertebrae",), 12.0),
}
EDGE = 0.008  # smoothing of the lung fields' outline, in edge lengths of the film


@dataclass(frozen=True)
class Radiograph:
    """A simulated film, as one looks at it: axis 0 left to right, axis 1 top to bottom.

    The patient's left is on the right of the film.

    Args:
        brightness: 0 is the darkest and 1 the brightest that is shown, float32, ``(x, y)``.
        lungs: 1 in the lung fields, uint8, ``(x, y)``.
        pixel_mm: edge length of a pixel on the detector.
        box: of the nodule: x, y, width and height in pixels; empty without one.
    """

    brightness: np.ndarray
    lungs: np.ndarray
    pixel_mm: float
    box: list[int]

    @property
    def picture(self) -> np.ndarray:
        """What is shown, uint8, ``(x, y)``."""
        return (self.brightness.clip(0, 1) * 255).round().astype(np.uint8)


def simulate_radiograph(
    scan: Scan, *, seed: int | tuple[int, ...] = 0, rays: int = 256, side: int = 512, nodule: bool = False
) -> Radiograph:
    """Draw a frontal chest radiograph of a CT: demonstration and test data, with one anatomy underneath.

    X-rays from a point 1800 mm away lose strength along straight lines (Beer-Lambert), in bone up to 1.5 times as fast
    as its HU say; contrast medium is taken out of the CT first. The patient is tilted by up to 5, turned by up to 4 and
    leant by up to 2 degrees. 20,000 photons a pixel make the noise. There is no scatter and no blur of the focus.

    Args:
        scan: the embedded CT or a virtual patient.
        seed: draws pose, nodule and noise.
        rays: rays along each edge of the film that are computed; the film is enlarged from them.
        side: pixels along each edge of the film.
        nodule: put a nodule of soft tissue into a lung, as :func:`medssl.samples.nodules.draw_nodule` places it.

    Raises:
        ValueError: if the scan's axes point elsewhere than left, back, head, it has no lungs, or a number is below 1.
    """
    _check(scan, rays=rays, side=side)
    generator = np.random.default_rng(seed)
    beam = aim(scan, generator.uniform(-1, 1, size=3) * (TILT_DEG, TURN_DEG, LEAN_DEG))
    hu = without_contrast(scan)
    volume = [*(_organs(scan, names) for names, _ in SHADOWS.values())]
    if nodule:
        volume.append(draw_nodule(scan, generator=generator))
        hu += volume[-1] * (NODULE_HU - hu)
    stack = torch.from_numpy(np.stack([attenuation(hu), *volume], dtype=np.float32))
    paths = project(stack, scan.spacing, beam=beam, rays=rays)
    fine = interpolate(paths[None], size=(side, side), mode="bicubic", align_corners=False)[0].numpy()
    depth, shadows, ball = fine[0], fine[1 : len(SHADOWS) + 1], fine[len(SHADOWS) + 1 :]
    brightness = develop(depth, lungs=shadows[0] > SHADOWS["lungs"][1], generator=generator)
    return Radiograph(brightness, lung_fields(shadows), beam.field_mm / side, _box(ball[0]) if nodule else [])


def _check(scan: Scan, *, rays: int, side: int) -> None:
    directions = nib.aff2axcodes(scan.affine)
    if directions != ("L", "P", "S"):
        raise ValueError(f"A film needs a scan with axes ('L', 'P', 'S'), got {directions}; reorient it first.")
    if not _organs(scan, ("lungs",)).any():
        raise ValueError("A film of the chest needs lungs (label 1), but the scan has none; take another scan.")
    if min(rays, side) < 1:
        raise ValueError(f"A film needs rays and side of at least 1, got {rays} and {side}; 256 and 512 are usual.")


def _organs(scan: Scan, names: Sequence[str]) -> np.ndarray:
    return np.isin(scan.label, [ORGANS.index(name) + 1 for name in names])


def aim(scan: Scan, angles_deg: np.ndarray) -> Beam:
    """Choose the film so that the lungs fill its width and end a little below its upper edge, as far as the scan goes.

    Args:
        scan: with lungs.
        angles_deg: the patient's tilt, turn and lean.
    """
    places = np.argwhere(_organs(scan, ("lungs",))) * scan.spacing
    low, high = places.min(axis=0), places.max(axis=0)
    field = AROUND * float(high[0] - low[0] + scan.spacing)
    centre = (low + high) / 2
    centre[2] = min(high[2] + ABOVE_MM, (scan.image.shape[2] - 1) * scan.spacing) - field / 2
    return Beam(centre.tolist(), field, angles_deg.tolist())


def without_contrast(scan: Scan) -> np.ndarray:
    """HU as if no contrast medium had been given, float32, ``(*S)``: veins would show as white cables on a film.

    Blood replaces what is very bright, and what is brighter than muscle in heart, aorta and inside the chest.
    """
    rounds = max(1, round(HALO_MM / scan.spacing))
    vessels = _organs(scan, ("heart", "aorta"))
    inside = vessels | _organs(scan, ("lungs",))
    chest = ndimage.gaussian_filter(inside.astype(np.float32), CHEST_MM / scan.spacing, truncate=2) > 0.5
    hu = scan.image.astype(np.float32)
    medium = ndimage.binary_dilation(hu > MEDIUM_HU, iterations=rounds)
    medium |= (ndimage.binary_dilation(vessels, iterations=rounds) | chest) & (hu > VESSEL_HU)
    hu[medium & (scan.label != ORGANS.index("vertebrae") + 1)] = BLOOD_HU
    return hu


def attenuation(hu: np.ndarray) -> np.ndarray:
    """Logarithmic loss of X-rays in a millimetre of tissue; that of water is 0.019."""
    low, high = BONE_HU
    return WATER_PER_MM * np.clip(1 + hu / 1000, 0, None) * (1 + BONE * np.clip((hu - low) / (high - low), 0, 1))


def develop(depth: np.ndarray, *, lungs: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Turn line integrals into brightness: photon noise, display from lungs to spine, gamma, sharpening.

    Args:
        depth: line integrals of the attenuation, ``(x, y)``.
        lungs: where lungs are, bool, ``(x, y)``.
        generator: draws the photons.
    """
    photons = generator.poisson(PHOTONS * np.exp(-depth.astype(np.float64)))
    density = -np.log(np.maximum(photons, 1) / PHOTONS)
    low, high = np.percentile(density[lungs], 1) - 0.35, np.percentile(density, 99.7) + 0.1
    shown = np.clip((density - low) / (high - low), 0, None) ** GAMMA
    detail = (amount * (shown - ndimage.gaussian_filter(shown, width * len(shown))) for amount, width in SHARPENING)
    return (shown + sum(detail)).astype(np.float32)


def lung_fields(paths: np.ndarray) -> np.ndarray:
    """Mark where lungs are seen and nothing thick hides them.

    Args:
        paths: mm through lungs, heart with aorta, abdomen and spine, ``(4, x, y)``.

    Returns:
        0 or 1, uint8, ``(x, y)``; one or two pieces without holes.
    """
    lungs, *hiding = (path > limit for path, (_, limit) in zip(paths, SHADOWS.values(), strict=True))
    seen = lungs & ~np.any(hiding, axis=0)
    smooth = ndimage.gaussian_filter(seen.astype(np.float32), EDGE * len(seen)) > 0.5
    pieces, _ = ndimage.label(ndimage.binary_fill_holes(smooth))
    sizes = np.bincount(pieces.ravel())
    sizes[0] = 0
    return np.isin(pieces, [n for n in np.argsort(sizes)[-2:] if sizes[n] > 0.1 * sizes.max()]).astype(np.uint8)


def _box(path: np.ndarray) -> list[int]:
    corners = np.argwhere(path > path.max() / 4)
    low, high = corners.min(axis=0), corners.max(axis=0)
    return [int(number) for number in (*low, *(high - low + 1))]
