"""Which tissue of a sample patient is which: displacement fields to the embedded CT."""

from __future__ import annotations

import numpy as np
import torch

from medssl.data import Displacement
from medssl.geometry import identity_grid, sample_at
from medssl.samples.chest import Scan, chest_ct
from medssl.samples.virtual import VirtualPatient

STEP_MM = 6.0  # linear interpolation between such points is off by 0.05 mm on average, 0.2 mm at most


def known_displacement(scan: Scan) -> Displacement:
    """The correspondence of the embedded CT or a virtual patient with the embedded CT, every 6 mm or a little finer.

    Nothing is known of what lies beyond the border of the CT, where virtual patients go on with its outermost voxels.

    Args:
        scan: what :func:`medssl.samples.chest_ct` or :func:`medssl.samples.virtual_patient` gives, in any spacing.
    """
    last = np.array(scan.image.shape) - 1
    steps = np.ceil(last * scan.spacing / STEP_MM)
    grid = identity_grid((steps + 1).astype(int).tolist()) * torch.from_numpy(last / steps).float().view(3, 1, 1, 1)
    vectors = torch.zeros_like(grid)
    if isinstance(scan, VirtualPatient):
        vectors = sample_at(torch.from_numpy(scan.displacement_mm), grid)
    source = chest_ct()
    ends = torch.tensor(source.image.shape).sub(1).mul(source.spacing).view(3, 1, 1, 1)
    places = grid * scan.spacing + vectors
    vectors[:, ((places < -0.01) | (places > ends + 0.01)).any(dim=0)] = torch.nan
    to_world = torch.from_numpy(scan.affine[:3, :3] / scan.spacing).float()
    return Displacement(torch.tensordot(to_world, vectors, dims=1).numpy(), scan.affine @ np.diag([*(last / steps), 1]))
