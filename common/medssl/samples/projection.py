"""Line integrals through a volume along the rays of an X-ray tube."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from scipy.spatial.transform import Rotation
from torch import Tensor

from medssl.geometry.fields import sample_at

TUBE_MM, DETECTOR_MM = 1800.0, 150.0


@dataclass(frozen=True)
class Beam:
    """A tube behind the patient, a square detector in front, 1800 mm apart, and how the patient stands between them.

    Lengths are mm to the patient's left, back and head from the centre of voxel 0.

    Args:
        centre: the point that the tube is aimed at, 150 mm before the detector; the patient turns about it.
        field_mm: edge length of the detector.
        angles_deg: by how much the patient tilts back, turns to the right and leans to the right.
    """

    centre: Sequence[float]
    field_mm: float
    angles_deg: Sequence[float] = (0.0, 0.0, 0.0)

    def plane(self, depth: float, rays: int) -> Tensor:
        """Where the rays cross a plane that is parallel to the detector.

        Args:
            depth: how far that plane lies behind the centre, in mm.
            rays: number of rays along each edge of the detector.

        Returns:
            Points in mm, ``(3, rays, rays)``: left to right and top to bottom as a film is looked at, with the
            patient's left on the right.
        """
        magnified = (TUBE_MM - DETECTOR_MM - depth) / TUBE_MM
        across = self.offsets(rays) * magnified
        left, head = torch.meshgrid(across, -across, indexing="ij")
        points = torch.stack([left, torch.full_like(left, depth), head])
        tilt, turn, lean = self.angles_deg
        pose = torch.from_numpy(Rotation.from_euler("xzy", [tilt, turn, lean], degrees=True).as_matrix()).float()
        return torch.tensordot(pose, points, dims=1) + torch.tensor(self.centre, dtype=torch.float32).view(3, 1, 1)

    def offsets(self, rays: int) -> Tensor:
        """Places of the rays along an edge of the detector, in mm from its middle."""
        return ((torch.arange(rays) + 0.5) / rays - 0.5) * self.field_mm


def project(volume: Tensor, spacing: float, *, beam: Beam, rays: int = 256) -> Tensor:
    """Add up a volume along every ray, by linear interpolation in one plane a voxel.

    Beyond the border of the volume its outermost voxels go on, so that a body that the scan cuts off throws no shadow
    of air.

    Args:
        volume: values a mm, axes to the patient's left, back and head.
        spacing: edge length of the voxels in mm.
        beam: where the rays run.
        rays: number of rays along each edge of the detector.

    Shape:
        ``(C, *S)`` in, ``(C, rays, rays)`` out.
    """
    total = torch.zeros(len(volume), rays, rays)
    for row in range(volume.shape[2]):
        points = beam.plane(row * spacing - beam.centre[1], rays)
        total += sample_at(volume, points[:, :, None] / spacing)[:, :, 0]
    across = beam.offsets(rays)
    slant = (1 + (across[:, None] ** 2 + across**2) / TUBE_MM**2).sqrt()
    return total * slant * spacing
