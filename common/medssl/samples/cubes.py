"""A two-class task on cubes: is this cube centred in the heart?"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import nibabel as nib
import numpy as np
from scipy.ndimage import maximum_filter

from medssl.data.files import content_hash
from medssl.samples.chest import ORGANS
from medssl.samples.writing import Case, read_cases, write_cases, write_nifti

logger = logging.getLogger(__name__)

SHAPE = (64, 64, 32)
HEART = ORGANS.index("heart") + 1
CLEARANCE = 8  # voxels from the heart to the centre of a cube of class 0
CANDIDATES = 600


def sample_cubes(
    directory: str | Path, cases: Sequence[Case], *, pairs: int = 12, shape: tuple[int, ...] = SHAPE, seed: int = 0
) -> list[Case]:
    """Cut cubes of two classes from patients, unless they are there already.

    Class 1 is centred in the heart. Class 0 is centred in another organ, at least 8 voxels from the heart along some
    axis. Cubes come in pairs of one patient whose mean HU are as alike as can be found, so that brightness alone does
    not tell the classes apart: the anatomy has to be seen. It is an easy task all the same, since one anatomy underlies
    all patients: a linear model of 4x4x4 thumbnails tells cubes of unseen virtual patients apart with an AUC of 0.99.

    Args:
        directory: where ``dataset.json`` and ``images/`` of the cubes are, or will be.
        cases: patients with "image", "label" and "patient".
        pairs: most cubes of each class a patient.
        shape: voxels of a cube along each axis.
        seed: draws the cubes.

    Returns:
        One ``{"image", "class", "patient"}`` a cube, paths absolute.

    Raises:
        ValueError: if a patient is smaller than a cube.
    """
    directory = Path(directory)
    sources = [content_hash(case[key]) for case in cases for key in ("image", "label")]
    settings = {"made": "cubes", "from": sources, "pairs": pairs, "shape": list(shape), "seed": seed}
    if known := read_cases(directory, settings):
        return known
    logger.info("cutting cubes from %d sample patients to %s", len(cases), directory)
    cubes = []
    for number, case in enumerate(cases):
        image, label = nib.load(case["image"]), np.asarray(nib.load(case["label"]).dataobj)
        array = np.asarray(image.dataobj)
        corners = choose_corners(
            array, label, pairs=pairs, shape=shape, generator=np.random.default_rng((seed, number))
        )
        for index, (corner, category) in enumerate(corners):
            name = f"images/{case['patient']}_cube_{index:02d}.nii.gz"
            affine = image.affine.copy()
            affine[:3, 3] += affine[:3, :3] @ corner
            write_nifti(directory / name, cut(array, corner, shape=shape), affine=affine)
            cubes.append({"image": name, "class": category, "patient": case["patient"]})
    return write_cases(directory, cubes, settings=settings)


def choose_corners(
    image: np.ndarray, label: np.ndarray, *, pairs: int, shape: tuple[int, ...], generator: np.random.Generator
) -> list[tuple[np.ndarray, int]]:
    """Draw pairs of cubes, one of each class, with mean HU as alike as can be found.

    Returns:
        Corners with their classes, 1 and 0 in turns.

    Raises:
        ValueError: if the image is smaller than a cube.
    """
    room = np.array(image.shape) - shape
    if (room < 0).any():
        raise ValueError(f"A cube of {shape} voxels needs a larger image, got {image.shape}; take smaller voxels.")
    inside = tuple(slice(n // 2, n // 2 + free + 1) for n, free in zip(shape, room, strict=True))
    near = maximum_filter(label == HEART, size=2 * CLEARANCE + 1)[inside]
    centre = label[inside]  # index = corner of the cube around it
    heart = _draw(centre == HEART, pairs, generator=generator)
    other = _draw((centre > 0) & ~near, CANDIDATES, generator=generator)
    means = [cut(image, corner, shape=shape).mean() for corner in other]
    chosen: list[tuple[np.ndarray, int]] = []
    for corner in heart[: len(other)]:
        nearest = int(np.argmin(np.abs(np.array(means) - cut(image, corner, shape=shape).mean())))
        means[nearest] = np.inf
        chosen += [(corner, 1), (other[nearest], 0)]
    return chosen


def cut(image: np.ndarray, corner: np.ndarray, *, shape: tuple[int, ...]) -> np.ndarray:
    """Cut a box out of an array."""
    return image[tuple(slice(start, start + n) for start, n in zip(corner, shape, strict=True))]


def _draw(mask: np.ndarray, count: int, *, generator: np.random.Generator) -> np.ndarray:
    places = np.argwhere(mask)
    return generator.permutation(places)[:count]
