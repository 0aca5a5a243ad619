"""Known correspondences: where the tissue of an image lies in a reference that several images share."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import nibabel as nib
import numpy as np
import torch
from scipy.ndimage import distance_transform_edt
from torch import Tensor

from medssl.geometry import sample_at

__all__ = ["Displacement", "read_displacement", "true_partner"]

DIRECTIONS = {"displacement vector": (1, 1, 1), "vector": (-1, -1, 1)}  # of RAS mm, by intent; ITK writes LPS
ROUNDS, SETTLED_MM = 100, 0.01


@dataclass(frozen=True)
class Displacement:
    """Where the tissue of an image lies in a reference that several images share.

    Args:
        vectors_mm: from a place in the image to the same tissue in the reference, along the axes of the RAS world in
            mm; not a number where nothing is known, ``(3, *S)``.
        affine: voxel index of ``vectors_mm`` to RAS world position in mm, ``(4, 4)``.
    """

    vectors_mm: np.ndarray
    affine: np.ndarray

    def to_reference(self, points_mm: np.ndarray) -> np.ndarray:
        """Where points of the image lie in the reference.

        Args:
            points_mm: RAS world positions, ``(Q, 3)``.

        Returns:
            RAS world positions, not a number where nothing is known, ``(Q, 3)``.
        """
        vectors, known = self._look_up(points_mm)
        return np.where(known[:, None], points_mm + vectors, np.nan)

    def from_reference(self, points_mm: np.ndarray) -> np.ndarray:
        """Where points of the reference lie in the image, by the fixed-point iteration ``x = y - u(x)``.

        Args:
            points_mm: RAS world positions, ``(Q, 3)``.

        Returns:
            RAS world positions, not a number where nothing is known or no place was found, ``(Q, 3)``.
        """
        places, steps = points_mm, np.full(points_mm.shape, np.nan)
        for _ in range(ROUNDS):
            vectors, known = self._look_up(places)
            steps = points_mm - vectors - places
            places = places + steps
            if np.nanmax(np.abs(steps), initial=0) < SETTLED_MM:
                break
        found = known & (np.linalg.norm(steps, axis=1) < 2 * SETTLED_MM)
        return np.where(found[:, None], places, np.nan)

    def _look_up(self, points_mm: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        to_voxel = np.linalg.inv(self.affine)
        voxels = points_mm @ to_voxel[:3, :3].T + to_voxel[:3, 3]
        last = np.array(self.vectors_mm.shape[1:]) - 1
        inside = ((voxels > -1e-3) & (voxels < last + 1e-3)).all(axis=1)  # not those that are not a number
        coordinates = torch.from_numpy(np.nan_to_num(voxels).T.reshape(3, -1, 1, 1)).float()
        values = sample_at(self._filled, coordinates).reshape(4, -1).numpy()
        return values[:3].T.astype(np.float64), inside & (values[3] > 0.999)

    @cached_property
    def _filled(self) -> Tensor:
        """Vectors, unknown ones replaced by the nearest that are known, and how much of each voxel is known."""
        known = np.isfinite(self.vectors_mm).all(axis=0)
        nearest = distance_transform_edt(~known, return_distances=False, return_indices=True)
        vectors = self.vectors_mm[(slice(None), *nearest)]
        return torch.from_numpy(np.concatenate([vectors, known[None]]).astype(np.float32))


def read_displacement(path: str | Path) -> Displacement:
    """Read a displacement field as the NIfTI standard has it, or as ITK and ANTs write it.

    A registration to one reference, such as an atlas, gives such a field for each image: on the grid of the image or a
    coarser one, with vectors that lead to the reference.

    Args:
        path: NIfTI of ``(x, y, z, 1, 3)`` vectors in mm; with the intent "displacement vector" along RAS axes, with
            "vector" along LPS axes.

    Raises:
        ValueError: if the file holds something else, or nothing is known anywhere.
    """
    image = nib.load(path)
    name, intent = Path(path).name, image.header.get_intent()[0]
    if image.ndim != 5 or image.shape[3:] != (1, 3) or intent not in DIRECTIONS:
        raise ValueError(
            f"A displacement field has shape (x, y, z, 1, 3) and the intent {' or '.join(map(repr, DIRECTIONS))}, but "
            f"{name} has shape {image.shape} and intent {intent!r}; write it with ITK, or set the intent."
        )
    vectors = np.asarray(image.dataobj, dtype=np.float32)[..., 0, :] * np.array(DIRECTIONS[intent], dtype=np.float32)
    if not np.isfinite(vectors).all(axis=-1).any():
        raise ValueError(f"The displacement field {name} holds no finite vector; write it anew.")
    return Displacement(np.moveaxis(vectors, -1, 0), np.asarray(image.affine))


def true_partner(points_mm: np.ndarray, source: Displacement, *, target: Displacement) -> np.ndarray:
    """Where the tissue at some points of one image lies in another one.

    Args:
        points_mm: RAS world positions in the first image, ``(Q, 3)``.
        source: of the first image.
        target: of the other image, to the same reference.

    Returns:
        RAS world positions in the other image, not a number where it does not show that tissue or nothing is known,
        ``(Q, 3)``.
    """
    return target.from_reference(source.to_reference(points_mm))
