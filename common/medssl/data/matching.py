"""Which place of one volume shows the anatomy of a place of another: by embeddings, or by position alone."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import grid_sample, interpolate, normalize

__all__ = ["Embedded", "Grid", "NormalisedPlace", "SamePatient", "match_points"]

STRIDE, FIRST = 2, 0.5  # voxels between cells of the fine map, and the centre of the first one
SIMILARITIES, LEAST_WIDTH = 2**19, 1024  # at once: about what a processor's cache holds, three times as fast as all


class Grid(NamedTuple):
    """Where the voxels of a volume are.

    Args:
        affine: voxel index to RAS world position in mm, ``(4, 4)``.
        shape: voxels along each axis.
    """

    affine: np.ndarray
    shape: tuple[int, ...]


class Embedded(NamedTuple):
    """A volume's anatomical embeddings, and where its voxels are.

    Args:
        fine: unit vectors of cells of 2 voxels, ``(E, *f)``; maps of a volume that was padded at its upper ends may
            reach beyond its shape.
        coarse: unit vectors of larger cells over the same region, ``(E, *c)``.
        affine: voxel index of the embedded volume to RAS world position in mm, ``(4, 4)``.
        shape: voxels of the volume along each axis, without padding.
    """

    fine: Tensor
    coarse: Tensor
    affine: np.ndarray
    shape: tuple[int, ...]

    def on_one_grid(self) -> Embedded:
        """Both maps on the cells inside the volume: the coarse one up-sampled, its vectors of length one again."""
        fine, coarse = self.fine, self.coarse
        if coarse.shape[1:] != fine.shape[1:]:
            coarse = interpolate(coarse[None], fine.shape[1:], mode="trilinear", align_corners=False)[0]
            coarse = normalize(coarse, dim=0)
        inside = (slice(None), *(slice(-(-edge // STRIDE)) for edge in self.shape))
        return self._replace(fine=fine[inside].contiguous(), coarse=coarse[inside].contiguous())


def match_points(
    source: Embedded, points_mm: np.ndarray, *, target: Embedded, rounding: Literal["nearest", "down"] = "nearest"
) -> tuple[np.ndarray, np.ndarray]:
    """Find the most similar place of another volume for every point, by the mean of both cosine similarities.

    Args:
        source: where the points lie.
        points_mm: RAS world positions, ``(Q, 3)``; those outside the volume are moved to its border.
        target: where to look. Its :meth:`Embedded.on_one_grid` may be given, so that many calls share that work.
        rounding: how a position becomes a cell: the ``nearest`` one, or the one ``down`` as published.

    Returns:
        Positions of the centres of the cells found, in mm, float64, ``(Q, 3)``, and their similarities in [-1, 1],
        float32, ``(Q,)``.

    Source:
        Yan et al., SAM: Self-supervised Learning of Pixel-wise Anatomical Embeddings in Radiological Images, IEEE TMI
        2022.
    """
    fine, coarse = _vectors(source, _cells(source, points_mm, rounding=rounding))
    target = target.on_one_grid()
    near, far = target.fine.flatten(1), target.coarse.flatten(1)  # (E, cells)
    width = max(LEAST_WIDTH, SIMILARITIES // max(len(fine), 1))
    parts = [
        (fine @ near[:, start : start + width]).addmm_(coarse, far[:, start : start + width]).max(dim=1)
        for start in range(0, near.shape[1], width)
    ]
    score, part = torch.stack([best.values for best in parts]).max(dim=0)  # (Q,)
    flat = part * width + torch.stack([best.indices for best in parts]).gather(0, part[None])[0]
    cells = np.stack(np.unravel_index(flat.cpu().numpy(), target.fine.shape[1:]), axis=1)
    return _in_world(target, STRIDE * cells + FIRST), (score / 2).cpu().numpy()


@dataclass(frozen=True)
class NormalisedPlace:
    """Finds the same relative position in another volume, without looking at either.

    It stands in for :func:`match_points` to tell what that is worth. Volumes should be cropped to the body.
    """

    def __call__(
        self, source: Grid | Embedded, points_mm: np.ndarray, *, target: Grid | Embedded
    ) -> tuple[np.ndarray, np.ndarray]:
        relative = (_in_voxels(source, points_mm) + 0.5) / source.shape
        return _in_world(target, relative * target.shape - 0.5), np.ones(len(points_mm), np.float32)


@dataclass(frozen=True)
class SamePatient:
    """Finds the same point again, moved a little, for pairs within one volume.

    Args:
        jitter_mm: farthest move along each axis, 0 or more.
        seed: start of the draws, which are the same for the same points.

    Raises:
        ValueError: if the jitter is negative.
    """

    jitter_mm: float = 8.0
    seed: int = 0

    def __post_init__(self) -> None:
        if self.jitter_mm < 0:
            raise ValueError(f"SamePatient needs a jitter of 0 mm or more, got {self.jitter_mm:g}.")

    def __call__(
        self, source: Grid | Embedded, points_mm: np.ndarray, *, target: Grid | Embedded
    ) -> tuple[np.ndarray, np.ndarray]:
        points_mm = np.asarray(points_mm, np.float64)
        generator = np.random.default_rng([self.seed, zlib.crc32(points_mm.tobytes())])
        moved = points_mm + generator.uniform(-self.jitter_mm, self.jitter_mm, points_mm.shape)
        return _in_world(target, _in_voxels(target, moved)), np.ones(len(points_mm), np.float32)


def _in_voxels(grid: Grid | Embedded, points_mm: np.ndarray) -> np.ndarray:
    inverse = np.linalg.inv(np.asarray(grid.affine, np.float64))
    return np.asarray(points_mm, np.float64) @ inverse[:3, :3].T + inverse[:3, 3]


def _in_world(grid: Grid | Embedded, voxels: np.ndarray) -> np.ndarray:
    affine = np.asarray(grid.affine, np.float64)
    inside = np.clip(voxels, 0, np.asarray(grid.shape) - 1)
    return inside @ affine[:3, :3].T + affine[:3, 3]


def _cells(embedded: Embedded, points_mm: np.ndarray, *, rounding: str) -> np.ndarray:
    voxels = _in_voxels(embedded, points_mm)
    nearest = rounding == "nearest"
    cells = np.rint((voxels - FIRST) / STRIDE) if nearest else np.floor(voxels / STRIDE)
    return np.clip(cells, 0, np.asarray(embedded.fine.shape[1:]) - 1).astype(np.int64)


def _vectors(embedded: Embedded, cells: np.ndarray) -> tuple[Tensor, Tensor]:
    fine, coarse = embedded.fine, embedded.coarse
    x, y, z = torch.from_numpy(cells).to(fine.device).unbind(1)
    if coarse.shape[1:] == fine.shape[1:]:
        return fine[:, x, y, z].T, coarse[:, x, y, z].T  # (Q, E)
    places = torch.from_numpy((2 * cells + 1) / np.asarray(fine.shape[1:]) - 1).to(coarse)  # (Q, 3), -1 to 1
    places = places.flip(1)[None, :, None, None]  # (1, Q, 1, 1, 3), the last axis first
    sampled = grid_sample(coarse[None], places, padding_mode="border", align_corners=False)  # (1, E, Q, 1, 1)
    return fine[:, x, y, z].T, normalize(sampled[0, :, :, 0, 0].T, dim=1)
