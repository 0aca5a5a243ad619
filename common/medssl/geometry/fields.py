"""Displacement fields: drawing smooth ones, moving arrays along them, how much they stretch, and their inverse.

A displacement ``u`` has shape ``(D, *S)`` and is counted in voxels along the ``D`` axes of its own grid. Arrays are
pulled: the value at ``x`` comes from ``x + u(x)``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from scipy.ndimage import gaussian_filter
from torch import Tensor
from torch.nn.functional import grid_sample

Generator = np.random.Generator | np.random.RandomState

KNOT_MARGIN = 3  # knots beyond either end, where a Gaussian bump has faded to 1 %


def identity_grid(shape: Sequence[int]) -> Tensor:
    """Coordinates of every voxel.

    Returns:
        Voxel indices, ``(D, *S)``.
    """
    return torch.stack(torch.meshgrid(*(torch.arange(n, dtype=torch.float32) for n in shape), indexing="ij"))


def smooth_displacement(shape: Sequence[int], amplitude: float, *, sigma: float, generator: Generator) -> Tensor:
    """Draw white noise smoothed by a Gaussian, one component an axis.

    Gaussian bumps of random height on a grid of step ``sigma`` have the covariance of smoothed white noise (to 1e-4)
    and cost three small matrix products.

    Args:
        shape: voxels along each axis.
        amplitude: largest displacement along any one axis, in voxels.
        sigma: standard deviation of the Gaussian, in voxels, above 0.
        generator: where the heights are drawn from.

    Returns:
        A displacement, ``(D, *S)``.

    Raises:
        ValueError: if ``sigma`` is not above 0.
    """
    if sigma <= 0:
        raise ValueError(f"smooth_displacement needs sigma above 0, got {sigma:g}; pass the smoothing in voxels.")
    bumps = [_bumps(n, sigma) for n in shape]
    heights = generator.normal(size=(len(shape), *(len(bump) for bump in bumps)))
    field = torch.from_numpy(heights).float()
    for axis, bump in enumerate(bumps, start=1):
        field = torch.tensordot(field, bump, dims=([axis], [0])).movedim(-1, axis)
    peaks = field.abs().amax(dim=tuple(range(1, field.ndim)), keepdim=True)
    return (amplitude / peaks) * field


def _bumps(length: int, sigma: float) -> Tensor:
    """Heights at every voxel (columns) of Gaussians centred on every knot (rows)."""
    knots = (torch.arange(math.ceil((length - 1) / sigma) + 2 * KNOT_MARGIN + 1) - KNOT_MARGIN) * sigma
    return torch.exp(-0.5 * ((torch.arange(length) - knots[:, None]) / sigma) ** 2)


def sample_at(array: Tensor, coordinates: Tensor, *, mode: str = "linear") -> Tensor:
    """Values of an array between its voxels; outside, those of the nearest border voxel.

    Args:
        array: channel-first, of any type; whole-number types come back rounded.
        coordinates: where to look, in voxels of ``array``.
        mode: "linear" or "nearest".

    Shape:
        ``(C, *A)`` and ``(D, *S)`` in, ``(C, *S)`` out; D is 2 or 3.

    Raises:
        ValueError: if there is no such mode.
    """
    if mode not in ("linear", "nearest"):
        raise ValueError(f"sample_at knows the modes 'linear' and 'nearest', got {mode!r}.")
    last = torch.tensor(array.shape[1:]).sub(1).clamp(min=1).to(coordinates)
    unit = 2 * coordinates.movedim(0, -1) / last - 1  # (*S, D), -1 and 1 are the outermost voxels' centres
    values = grid_sample(
        array[None].to(coordinates.dtype),
        unit.flip(-1)[None],
        mode="bilinear" if mode == "linear" else "nearest",
        padding_mode="border",
        align_corners=True,
    )[0]
    return values.to(array.dtype) if array.is_floating_point() else values.round().to(array.dtype)


def warp(array: Tensor, displacement: Tensor, *, mode: str = "linear") -> Tensor:
    """Move an array along a displacement: the value at ``x`` comes from ``x + u(x)``.

    Shape:
        ``(C, *S)`` and ``(D, *S)`` in, ``(C, *S)`` out.
    """
    return sample_at(array, identity_grid(displacement.shape[1:]).to(displacement) + displacement, mode=mode)


def jacobian_determinant(displacement: Tensor) -> Tensor:
    """Volume of the piece of source that one voxel shows; 0 or less where the field folds.

    Derivatives are central differences, one-sided at the border.

    Shape:
        ``(D, *S)`` in, ``(*S)`` out; D is 2 or 3.
    """
    dims = displacement.shape[0]
    rows = []
    for axis, component in enumerate(displacement):
        row = torch.stack(torch.gradient(component))
        row[axis] += 1
        rows.append(row)
    if dims == 2:
        return rows[0][0] * rows[1][1] - rows[0][1] * rows[1][0]
    return (torch.linalg.cross(rows[0], rows[1], dim=0) * rows[2]).sum(0)


def invert(displacement: Tensor, *, iterations: int = 30) -> Tensor:
    """Displacement that undoes another one, by fixed-point iteration of ``v(y) = -u(y + v(y))``.

    Args:
        displacement: changes by less than one voxel a voxel, else the iteration need not settle.
        iterations: rounds; the error shrinks each time by the steepest change of ``displacement``.

    Shape:
        ``(D, *S)`` in, the same out.
    """
    inverse = -displacement
    for _ in range(iterations):
        inverse = -warp(displacement, inverse)
    return inverse


def resample(array: Tensor, step: Sequence[float], *, mode: str = "linear") -> Tensor:
    """Look at an array on a coarser or finer grid that starts at the same voxel.

    In linear mode, axes that get coarser are smoothed first (Gaussian, sigma ``(step - 1) / 2``).

    Args:
        array: channel-first.
        step: voxels of ``array`` from one voxel of the new grid to the next, one number an axis.
        mode: "linear" or "nearest".

    Shape:
        ``(C, *S)`` in, ``(C, *T)`` out, ``T = floor((S - 1) / step) + 1``.
    """
    if mode == "linear":
        sigmas = [max(0.0, (s - 1) / 2) for s in step]
        smooth = [gaussian_filter(channel, sigmas, mode="nearest") for channel in array.float().numpy(force=True)]
        array = torch.from_numpy(np.stack(smooth)).to(array.device)
    shape = [int((n - 1) / s + 1e-6) + 1 for n, s in zip(array.shape[1:], step, strict=True)]
    scale = torch.tensor(list(step), dtype=torch.float32).view(-1, *(1 for _ in step))
    return sample_at(array, (identity_grid(shape) * scale).to(array.device), mode=mode)
