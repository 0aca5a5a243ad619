"""The one real image that ships with the package: a chest CT with organ masks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import nibabel as nib
import numpy as np
import torch

from medssl.geometry.fields import resample

FILES = Path(__file__).parent / "files"
ORGANS = ("lungs", "heart", "liver", "spleen", "kidneys", "aorta", "vertebrae", "stomach")  # label 1, 2, ...
AIR_HU, MAX_HU = -1024, 3064


@dataclass(frozen=True)
class Scan:
    """A CT with its organs.

    Args:
        image: HU, int16, ``(*S)``; axes point to the patient's left, back and head.
        label: 0 or 1 + the index in ``ORGANS``, uint8, ``(*S)``.
        affine: voxel index to RAS world position in mm, ``(4, 4)``.
    """

    image: np.ndarray
    label: np.ndarray
    affine: np.ndarray

    @property
    def spacing(self) -> float:
        """Edge length of the cubic voxels in mm."""
        return float(np.linalg.norm(self.affine[:3, 0]))

    def resampled(self, spacing: float) -> Scan:
        """Give the same scan with other voxels, starting at the same one; itself if they are the same."""
        step = (spacing / self.spacing,) * 3
        if np.allclose(step, 1):
            return self
        image = resample(torch.from_numpy(self.image)[None].float(), step)[0].round().short()
        label = resample(torch.from_numpy(self.label)[None], step, mode="nearest")[0]
        return replace(self, image=image.numpy(), label=label.numpy(), affine=self.affine @ np.diag([*step, 1]))


def chest_ct() -> Scan:
    """Read the embedded CT: LIDC-IDRI-0001 at 2 mm, air outside the body at -1024 HU (``files/LICENSE.md``)."""
    image, label = (nib.load(FILES / f"chest_{name}.nii.gz") for name in ("ct", "organs"))
    return Scan(
        np.asarray(image.dataobj, dtype=np.int16), np.asarray(label.dataobj, dtype=np.uint8), np.array(image.affine)
    )
