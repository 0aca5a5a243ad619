"""Two views of one volume, each in a scale of its own, and where their cells lie."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from monai.transforms import MapTransform, Randomizable
from numpy.typing import ArrayLike
from torch import Tensor

from medssl.data import open_stored
from medssl.geometry import identity_grid, sample_at
from medssl.transforms.base import require_chances
from medssl.transforms.windows import require_window, stored_window

__all__ = ["RandScaledViewsd", "are_outside", "box_cells", "box_view"]

AIR_HU = -1024.0
GREYS = (-50.0, 205.0)
MARGIN = (10, 10, 4)
STRIDES = {"fine": (2, 2, 2), "coarse": (16, 16, 4)}


class RandScaledViewsd(Randomizable, MapTransform):
    """Cut two boxes of random scale out of a volume, as one view each, and say where their cells lie in millimetres.

    Scale and place of each view are drawn; no view is turned or bent. Places outside the volume show air, and
    their cells have no coordinates (NaN). Only the box that a view needs is read.

    Args:
        key: the volume, whose voxels are cubes; it gives way to the views.
        size: voxels of a view along each axis.
        spacing: edge length of the volume's voxels, and of a view's at scale 1, in mm, > 0.
        scale: smallest and largest scale of a view, > 0.
        overlap_prob: chance that both views show one common place, in [0, 1]; otherwise each lies anywhere.
        noise: largest standard deviation of the noise in each view, in steps of -50..205, >= 0.
        window: values that become -50 and 205, those beyond are clipped; ``percentiles`` for the 1st and the 99th
            percentile of each stored volume, as its file has them.
        strides: by key of the result, voxels of a view from one cell to the next along each axis.

    Shape:
        ``(1, x, y, z)`` in, an array, a tensor, or the path of a stored volume; out ``(2, 1, *size)``, float32, and
        under each key of ``strides`` coordinates ``(2, 3, *(size / stride))``, float32, in mm from the volume's first
        voxel along its axes.

    Raises:
        ValueError: if a number lies outside its range, a stride does not divide the size, or the volume has other axes.

    Source:
        Yan et al., SAM: Self-supervised Learning of Pixel-wise Anatomical Embeddings, TMI 2022: training views, scale
        0.8 to 1.2, overlapping in 4 of 5 cases.
    """

    def __init__(
        self,
        key: str = "image",
        *,
        size: Sequence[int] = (96, 96, 32),
        spacing: float = 2.0,
        scale: Sequence[float] = (0.8, 1.2),
        overlap_prob: float = 1.0,
        noise: float = 0.25,
        window: Sequence[float] | str = (-1024.0, 3071.0),
        strides: Mapping[str, Sequence[int]] = STRIDES,
    ) -> None:
        MapTransform.__init__(self, key)
        require_chances(type(self).__name__, overlap_prob=overlap_prob)
        require_window(type(self).__name__, window)
        if not 0 < scale[0] <= scale[1] or spacing <= 0 or noise < 0:
            raise ValueError(
                "RandScaledViewsd needs two rising scales and a spacing above 0 and noise of 0 or more, got "
                f"scale={tuple(scale)}, spacing={spacing}, noise={noise}."
            )
        uneven = [key for key, stride in strides.items() if (np.mod(size, stride) != 0).any()]
        if uneven:
            raise ValueError(
                f"RandScaledViewsd needs a size that every stride divides, got {tuple(size)} and "
                f"{ {key: tuple(strides[key]) for key in uneven} }."
            )
        self.size = tuple(size)
        self.spacing, self.scale = spacing, tuple(scale)
        self.overlap_prob, self.noise = overlap_prob, noise
        self.window = window
        self.strides = {key: tuple(stride) for key, stride in strides.items()}

    def randomize(self, data: Any = None) -> None:
        """Draw both views' scales, corners and noise for a volume of the shape ``data``."""
        shape = np.asarray(data)
        self.scales = self.R.uniform(*self.scale, size=2)
        common = self.R.rand() < self.overlap_prob
        margin = np.minimum(MARGIN, np.minimum(shape, np.multiply(self.size, self.scale[0])) / 2)
        seed = self.R.uniform(margin, shape - margin)
        self.corners = []
        for scale in self.scales:
            extent = np.multiply(self.size, scale)
            low, high = np.minimum(0, shape - extent), np.maximum(0, shape - extent)
            if common:
                low, high = np.maximum(low, seed - extent + margin), np.minimum(high, seed - margin)
            self.corners.append(self.R.uniform(low, high))
        deviations = self.R.uniform(0, self.noise, size=2)
        noise = self.R.standard_normal((2, 1, *self.size)) if self.noise else np.zeros((2, 1, 1, 1, 1))
        self.noises = (deviations.reshape(2, 1, 1, 1, 1) * noise).astype(np.float32)

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        result = dict(data)
        volume, (low, high) = self._open(result[self.keys[0]])
        if len(volume.shape) != 4 or volume.shape[0] != 1 or 0 in volume.shape:
            raise ValueError(f"RandScaledViewsd needs a volume (1, x, y, z), got shape {tuple(volume.shape)}.")
        shape = volume.shape[1:]
        self.randomize(shape)
        places = list(zip(self.corners, self.scales, strict=True))
        views = torch.stack([box_view(volume, box_cells(*place, size=self.size), outside=low) for place in places])
        greys = GREYS[0] + (GREYS[1] - GREYS[0]) * ((views - low) / (high - low)).clip(0, 1)  # (2, 1, *size)
        result[self.keys[0]] = greys + torch.from_numpy(self.noises)
        for name, stride in self.strides.items():
            cells = torch.stack([box_cells(*place, size=self.size, stride=stride) for place in places])
            result[name] = self.spacing * cells.masked_fill(are_outside(cells, shape), torch.nan)
        return result

    def _open(self, volume: Any) -> tuple[Any, tuple[float, float]]:
        """The volume to cut from, and the window in the numbers that it has."""
        if not isinstance(volume, str | Path):
            return volume, stored_window(self.window, {})
        stored = open_stored(volume)
        return stored, stored_window(self.window, dict(stored.vlmeta.getall()), name=Path(volume).name)


def box_cells(corner: ArrayLike, scale: float, *, size: Sequence[int], stride: Sequence[int] = (1, 1, 1)) -> Tensor:
    """Centres of the cells that a box of voxels falls into.

    Args:
        corner: of the box, in voxels of the volume it lies in, where 0 is the outer edge of the first voxel.
        scale: voxels of the volume from one voxel of the box to the next.
        size: voxels of the box along each axis.
        stride: voxels of the box from one cell to the next.

    Returns:
        Coordinates in voxels of the volume, where 0 is the centre of the first voxel, ``(3, *(size / stride))``.
    """
    counts = [length // step for length, step in zip(size, stride, strict=True)]
    steps = torch.tensor(stride).mul(scale).view(-1, 1, 1, 1)
    return torch.as_tensor(corner).float().view(-1, 1, 1, 1) + (identity_grid(counts) + 0.5) * steps - 0.5


def are_outside(coordinates: Tensor, shape: Sequence[int]) -> Tensor:
    """Which of the coordinates lie beyond the outermost voxels' edges.

    Shape:
        ``(3, *S)`` or ``(N, 3, *S)`` in voxels in; the same with 1 for 3 out.
    """
    last = torch.tensor(shape).view(-1, 1, 1, 1)
    return ((coordinates < -0.5) | (coordinates > last - 0.5)).any(dim=-4, keepdim=True)


def box_view(volume: Any, coordinates: Tensor, *, outside: float = AIR_HU) -> Tensor:
    """Values of a volume at the coordinates; only the box around them is read.

    Args:
        volume: HU.
        coordinates: in voxels.
        outside: value of what lies outside the volume.

    Shape:
        ``(1, *V)`` and ``(3, *S)`` in, ``(1, *S)`` float32 out.
    """
    shape = volume.shape[1:]
    last = torch.tensor(shape) - 1
    lower = torch.minimum(coordinates.flatten(1).amin(1).floor().long().clamp(min=0), last)
    upper = torch.minimum(coordinates.flatten(1).amax(1).ceil().long().clamp(min=0), last)
    box = volume[(slice(None), *(slice(int(one), int(end) + 1) for one, end in zip(lower, upper, strict=True)))]
    values = torch.as_tensor(np.asarray(box), dtype=torch.float32)
    inside = sample_at(values, coordinates - lower.view(-1, 1, 1, 1))
    return inside.masked_fill(are_outside(coordinates, shape), outside)
