"""Crops of two patients around one place in their bodies."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from monai.transforms import MapTransform, Randomizable

from medssl.data import open_stored
from medssl.transforms.windows import require_window, stored_window

__all__ = ["RandPairedCropsd", "centred_crop"]


def centred_crop(volume: Any, centre: Sequence[float], *, size: Sequence[int], fill: float = 0) -> np.ndarray:
    """Cut a box around a voxel; what lies outside the volume is filled.

    Args:
        volume: an array or a stored volume, of which no more than the box is read, ``(C, *S)``.
        centre: index of a voxel along each spatial axis; in the box it has the index ``size // 2``.
        size: voxels of the box along each spatial axis.
        fill: value of the voxels outside the volume.

    Returns:
        Values ``(C, *size)``, float32.

    Source:
        Jiang et al., Anatomical Invariance Modeling and Semantic Alignment for Self-supervised Learning in 3D Medical
        Image Analysis, ICCV 2023, crops of its published program.
    """
    crop = np.full((volume.shape[0], *size), fill, dtype=np.float32)
    inside, there = [slice(None)], [slice(None)]
    for place, edge, length in zip(centre, size, volume.shape[1:], strict=True):
        start = int(place) - edge // 2
        low, high = np.clip([start, start + edge], 0, length).tolist()
        inside.append(slice(low, high))
        there.append(slice(low - start, high - start))
    if crop[tuple(there)].size:
        crop[tuple(there)] = volume[tuple(inside)]
    return crop


class RandPairedCropsd(Randomizable, MapTransform):
    """Draw one pair of matching points and cut a crop around each, out of two stored volumes.

    Crops are centred on the voxels nearest to the points, at the spacing of the stored volumes; outside a volume they
    are 0, the floor of the window.

    Args:
        size: voxels of a crop along each axis.
        window: values that become 0 and 1, those beyond are clipped; ``percentiles`` for the 1st and the 99th
            percentile of each volume, as its file has them.
        key: the entry with the path of a stored volume, which the crops replace. ``pairs``, points of this volume and
            of its partners in RAS mm, ``(R, 2, 3)``, and ``partners``, the paths of R stored volumes, are taken out.

    Shape:
        The entry becomes ``(2, C, *size)``, float32 in [0, 1]: 0 is the volume, 1 its partner.

    Raises:
        ValueError: if a word lies outside its range, or the percentiles of a volume do not differ.

    Source:
        Jiang et al., Anatomical Invariance Modeling and Semantic Alignment for Self-supervised Learning in 3D Medical
        Image Analysis, ICCV 2023, query and key views.
    """

    def __init__(
        self,
        size: Sequence[int] = (64, 64, 64),
        window: Sequence[float] | str = (-125.0, 225.0),
        *,
        key: str = "image",
    ) -> None:
        MapTransform.__init__(self, key)
        if min(size) < 1:
            raise ValueError(f"RandPairedCropsd needs a size of 1 voxel or more along each axis, got {list(size)}.")
        require_window("RandPairedCropsd", window)
        self.size, self.window, self.key = tuple(size), window, key
        self.row = 0

    def randomize(self, data: Any = None) -> None:
        self.row = int(self.R.randint(len(data)))

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        result = dict(data)
        pairs, partners = result.pop("pairs"), result.pop("partners")
        self.randomize(pairs)
        paths = (result[self.key], partners[self.row])
        crops = [self._crop(path, point) for path, point in zip(paths, pairs[self.row], strict=True)]
        result[self.key] = torch.from_numpy(np.stack(crops))
        return result

    def _crop(self, path: str, point_mm: np.ndarray) -> np.ndarray:
        stored = open_stored(path)
        to_voxel = np.linalg.inv(np.asarray(stored.vlmeta["affine"]))
        centre = np.rint(to_voxel[:3, :3] @ point_mm + to_voxel[:3, 3])
        low, high = stored_window(self.window, dict(stored.vlmeta.getall()), name=Path(path).name)
        crop = centred_crop(stored, centre, size=self.size, fill=low)
        return np.clip((crop - low) / (high - low), 0, 1, dtype=np.float32)
