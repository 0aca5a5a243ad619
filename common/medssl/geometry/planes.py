"""Image planes in space: their affines, their normals, and how far one lies from the pixels of another.

An affine takes a pixel ``(u, v, 0, 1)`` to RAS in mm, as nibabel and MONAI have it; ``u`` is the column, ``v`` the row,
the first and the second index of an image. Its third column is never read for the normal: readers fill it in, stacks
step along it either way.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.linalg import cross, vector_norm

__all__ = ["dicom_affine", "distance_form", "lps_ras", "normal", "pixel_axes", "sine_between", "slice_affine"]


def dicom_affine(
    position: Sequence[float], orientation: Sequence[float], *, spacing: Sequence[float], thickness: float = 1.0
) -> Tensor:
    """Affine of the plane that a DICOM header describes.

    Args:
        position: ImagePositionPatient, centre of the first pixel, LPS in mm.
        orientation: ImageOrientationPatient, the way along a row (growing ``u``), then down a column (growing ``v``).
        spacing: PixelSpacing, between rows (the step of ``v``), then between columns (the step of ``u``), in mm.
        thickness: length of the third column, in mm: SliceThickness, or the step between slices.

    Returns:
        RAS affine of ``(u, v, 0)``, float64, ``(4, 4)``. The third column is the normal times ``thickness``.
    """
    affine = torch.eye(4, dtype=torch.float64)
    affine[:3, 0] = _double(orientation[:3]) * spacing[1]
    affine[:3, 1] = _double(orientation[3:]) * spacing[0]
    affine[:3, 2] = normal(affine) * thickness
    affine[:3, 3] = _double(position)
    return lps_ras(affine)


def lps_ras(space: Any) -> Tensor:
    """The same affine, or the same vectors, in the other patient frame: LPS for RAS and RAS for LPS.

    Args:
        space: affine ``(4, 4)`` or points and directions as columns, ``(3,)`` or ``(3, n)``, in mm.
    """
    turned = _double(space).clone()
    turned[:2] *= -1
    return turned


def slice_affine(affine: Any, index: float) -> Tensor:
    """Affine of one slice of a stack, with the slice as its plane 0.

    Args:
        affine: of the stack, ``(4, 4)``.
        index: which slice, counted along the third axis.
    """
    moved = _double(affine).clone()
    moved[:3, 3] += index * moved[:3, 2]
    return moved


def normal(affine: Any) -> Tensor:
    """Unit vector across a plane: step of ``u`` times step of ``v``.

    Args:
        affine: of the plane, ``(4, 4)``.

    Shape:
        ``(3,)``.
    """
    affine = _double(affine)
    across = cross(affine[:3, 0], affine[:3, 1])
    return across / vector_norm(across)


def distance_form(host: Any, guest: Any) -> Tensor:
    r"""Signed distance of every pixel of one plane from another plane, in mm.

    Pixel ``(u, v)`` of the host lies at ``P + u a_u + v a_v``, so its distance ``n . (X - Q)`` from the guest with
    normal ``n`` and origin ``Q`` is ``a u + b v + c`` with ``a = n . a_u``, ``b = n . a_v`` and ``c = n . (P - Q)``.

    Args:
        host: affine of the plane whose pixels are asked for, ``(4, 4)``.
        guest: affine of the plane from which is measured, ``(4, 4)``.

    Returns:
        ``(a, b, c)``, positive on the side to which the guest's normal points, ``(3,)``.
    """
    host, guest = _double(host), _double(guest)
    steps = host[:3, [0, 1, 3]].clone()  # (3, 3)
    steps[:, 2] -= guest[:3, 3]
    return normal(guest) @ steps


def sine_between(host: Any, guest: Any) -> float:
    """Sine of the angle between two planes, in [0, 1].

    This is by how much the distance from the guest grows for each mm that one walks in the host away from the line in
    which they meet.
    """
    return float(vector_norm(cross(normal(host), normal(guest))))


def pixel_axes(affine: Any) -> Tensor:
    """Steps of ``u`` and ``v`` as vectors in mm within the plane, the first axis of which runs along ``u``.

    Args:
        affine: of the plane, ``(4, 4)``; may be sheared.

    Returns:
        One step a column, upper triangular: ``(|a_u|, 0)``, and ``a_v`` along and across ``a_u``, ``(2, 2)``.
    """
    along, down = _double(affine)[:3, :2].unbind(1)
    length = vector_norm(along)
    shear = along @ down / length
    height = vector_norm(cross(along, down)) / length
    return torch.stack([torch.stack([length, shear]), torch.stack([torch.zeros_like(length), height])])


def _double(values: Any) -> Tensor:
    return torch.as_tensor(values, dtype=torch.float64)
