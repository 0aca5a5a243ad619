"""Warping an image smoothly within its planes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Literal

import numpy as np
import torch
from torch.nn.functional import grid_sample

from medssl.transforms.base import RandImage, even_noise
from medssl.transforms.mapping import RandMap

__all__ = ["RandSmoothElastic", "RandSmoothElasticd", "smooth_noise", "smoothing_matrix", "warp_in_plane"]


@lru_cache(maxsize=64)
def smoothing_matrix(length: int, *, sigma: float, truncate: float) -> torch.Tensor:
    """Gaussian smoothing along one axis, zeros outside, as a matrix.

    Args:
        length: voxels along the axis.
        sigma: standard deviation in voxels.
        truncate: standard deviations after which the kernel ends.

    Returns:
        Smoothed from unsmoothed values, ``(length, length)``, symmetric, in double precision.
    """
    radius = int(truncate * sigma + 0.5)
    kernel = torch.exp(-0.5 * (torch.arange(-radius, radius + 1, dtype=torch.float64) / sigma) ** 2)
    place = torch.arange(length)
    offset = (place[:, None] - place[None]).abs()
    weight = (kernel / kernel.sum())[radius + offset.clamp(max=radius)]
    return weight * (offset <= radius)


@lru_cache(maxsize=64)
def _smoothing_modes(length: int, *, sigma: float, truncate: float) -> torch.Tensor:
    """The leading columns of the smoothing matrix in its own axes, ``(length, modes)``.

    White noise keeps its distribution under a rotation, so smoothed noise is these columns times a few independent
    numbers. Left out is what smoothing damps to less than a thousandth.
    """
    strength, modes = torch.linalg.eigh(smoothing_matrix(length, sigma=sigma, truncate=truncate))
    leading = strength > 1e-3 * strength.max()
    return modes[:, leading] * strength[leading]


def smooth_noise(noise: torch.Tensor, matrices: Sequence[torch.Tensor]) -> torch.Tensor:
    """Multiply each axis of an array by a matrix.

    Args:
        noise: rows x columns, with or without depth.
        matrices: one for each axis, ``(new length, old length)``.

    Returns:
        The product, with depth as its **first** axis, which is of length 1 without depth: ``(D, R, C)``.
    """
    matrices = [matrix.to(noise.dtype) for matrix in matrices]
    rows, columns = noise.shape[:2]
    if noise.ndim == 3:
        noise = matrices[2] @ noise.reshape(rows * columns, -1).T
    return matrices[0] @ (noise.reshape(-1, rows, columns) @ matrices[1].T)


def warp_in_plane(image: torch.Tensor, *, down: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """Sample each plane of an image at displaced places, linearly; the image is mirrored at its border.

    The mirror lies on the outer edge of the border voxels.

    Args:
        image: ``(C, R, Co)`` or ``(C, R, Co, D)``.
        down: displacement along the rows' axis in voxels, ``(D, R, Co)``; D is 1 for a plane.
        right: the same along the columns' axis.
    """
    channels, rows, columns = image.shape[:3]
    planes = image.reshape(-1, len(down)).T.contiguous().reshape(-1, channels, rows, columns)  # (D, C, R, Co)
    place = planes.new_empty(*down.shape, 2)  # grid_sample has columns first, borders at -1 and 1
    torch.add(right * (2 / columns), (2 * torch.arange(columns).to(place) + 1) / columns - 1, out=place[..., 0])
    torch.add(down * (2 / rows), ((2 * torch.arange(rows).to(place) + 1) / rows - 1)[:, None], out=place[..., 1])
    warped = grid_sample(planes, place, mode="bilinear", padding_mode="reflection", align_corners=False)
    warped = warped.clamp(image.min(), image.max())  # rounding must not lead out of the range
    return warped.reshape(len(down), -1).T.contiguous().reshape(image.shape)


class RandSmoothElastic(RandImage):
    """Warp an image by two smooth random fields, along rows and along columns; depth is not displaced.

    The fields are white noise, even in (-1, 1), Gaussian-smoothed along all axes with zeros outside, times an
    amplitude. Linear interpolation, the image mirrored at its border.

    Args:
        prob: chance of warping at all, in [0, 1].
        amplitude: factor of the smoothed noise. 991 at sigma 8 displaces a 64x64x32 cube by 3 voxels (rms), 10 at most;
            a plane, whose noise is smoothed along two axes only, five times as far.
        sigma: standard deviation of the smoothing in voxels.
        truncate: standard deviations after which the smoothing kernel ends.
        noise: ``voxels`` draws a number for each voxel; ``modes`` draws normal numbers for the few modes that smoothing
            leaves, which gives fields of the same distribution in a third of the time.

    Raises:
        ValueError: if a value is not finite.

    Source:
        Simard, Steinkraus and Platt, Best practices for convolutional neural networks, ICDAR 2003, section 2.
    """

    values = "finite"

    def __init__(
        self,
        prob: float = 1.0,
        *,
        amplitude: float = 991.0,
        sigma: float = 8.0,
        truncate: float = 4.0,
        noise: Literal["voxels", "modes"] = "voxels",
    ) -> None:
        super().__init__(prob)
        if sigma <= 0 or truncate <= 0:
            raise ValueError(f"RandSmoothElastic needs sigma and truncate above 0, got {sigma} and {truncate}.")
        if noise not in ("voxels", "modes"):
            raise ValueError(f"RandSmoothElastic needs noise 'voxels' or 'modes', got {noise!r}.")
        self.amplitude = amplitude
        self.sigma = sigma
        self.truncate = truncate
        self.noise = noise

    def randomize(self, data: Any = None) -> None:
        super().randomize(data)
        if self._do_transform:
            smoothing = smoothing_matrix if self.noise == "voxels" else _smoothing_modes
            matrices = [smoothing(length, sigma=self.sigma, truncate=self.truncate) for length in data.shape[1:]]
            right, down = (self._draw_noise(matrices, data.dtype) for _ in range(2))
            self.right, self.down = smooth_noise(right, matrices), smooth_noise(down, matrices)

    def apply(self, image: np.ndarray) -> np.ndarray:
        return warp_in_plane(torch.tensor(image), down=self.down, right=self.right).numpy()

    def _draw_noise(self, matrices: Sequence[torch.Tensor], dtype: Any) -> torch.Tensor:
        """Numbers of mean 0 and variance 1/3 times the amplitude squared, one for each column of the matrices."""
        shape = [matrix.shape[1] for matrix in matrices]
        if self.noise == "modes":
            drawn = (self.R.standard_normal(shape) / np.sqrt(3)).astype(dtype)
        else:
            drawn = even_noise(self.R, shape, dtype=dtype)
            drawn *= 2
            drawn -= 1
        drawn *= self.amplitude
        return torch.from_numpy(drawn)


class RandSmoothElasticd(RandMap):
    """Dictionary form of :class:`RandSmoothElastic`."""

    array_class = RandSmoothElastic
