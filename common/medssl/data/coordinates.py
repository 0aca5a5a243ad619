"""Where cubes are cut: random places that are mostly lung, and variations of one place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from medssl.data.patterns import dense_weight

__all__ = ["CoordinateSearch", "Resolutions"]


@dataclass(frozen=True)
class CoordinateSearch:
    """Draws the corner of a cube that keeps away from the border, from dense tissue and from earlier corners.

    Each candidate is tested on its own. Only the patient it is drawn in is tested for tissue, not its neighbours.

    Args:
        margin: voxels left free at both ends of each axis.
        min_distance: least distance in voxels from every earlier corner; cubes may still overlap.
        dense_fraction: least and largest share of the cube that may be dense, in [0, 1]; at 0 pure air passes too.
        threshold: value from which on a voxel is dense, in [0, 1].
        filter_slices: slices that :func:`dense_weight` looks at.
        attempts: candidates before the patient is given up.

    Raises:
        ValueError: if a setting lies outside its range.

    Source:
        Haghighi et al., Learning Semantics-enriched Representation via Self-discovery, Self-classification, and
        Self-restoration, MICCAI 2020, self-discovery; numbers from the published program.
    """

    margin: Sequence[int] = (100, 100, 30)
    min_distance: float = 5.0
    dense_fraction: Sequence[float] = (0.0, 0.15)
    threshold: float = 0.425
    filter_slices: int = 3
    attempts: int = 200

    def __post_init__(self) -> None:
        low, high = self.dense_fraction
        if not 0 <= low < high <= 1:
            raise ValueError(f"dense_fraction is a range within [0, 1], got ({low:g}, {high:g}).")
        if min(self.margin) < 0 or self.attempts < 1 or self.filter_slices < 1:
            raise ValueError(
                "margin is 0 or more, attempts and filter_slices are 1 or more, "
                f"got {tuple(self.margin)}, {self.attempts} and {self.filter_slices}."
            )

    def least_shape(self, cube: Sequence[int]) -> tuple[int, ...]:
        """Fewest voxels of a volume in which a corner can be drawn at all."""
        extra = (0, 0, self.filter_slices)
        return tuple(2 * m + c + 1 + e for m, c, e in zip(self.margin, cube, extra, strict=True))

    def draw(
        self,
        volume: np.ndarray,
        cube: Sequence[int],
        *,
        taken: Sequence[Sequence[int]],
        draws: np.random.Generator,
        tally: Counter[str],
    ) -> tuple[int, ...] | None:
        """Draw a corner in one volume.

        Args:
            volume: values in [0, 1], ``(X, Y, Z)``, not smaller than :meth:`least_shape`.
            cube: voxels of the cube along each axis.
            taken: earlier corners.
            draws: source of randomness.
            tally: counts candidates that were too ``close`` or too ``dense`` (or too empty).

        Returns:
            First voxel along each axis, or nothing if no candidate passed.
        """
        room = [shape - least for shape, least in zip(volume.shape, self.least_shape(cube), strict=True)]
        for _ in range(self.attempts):
            corner = tuple(m + int(draws.integers(r + 1)) for m, r in zip(self.margin, room, strict=True))
            if taken and np.linalg.norm(np.subtract(taken, corner), axis=1).min() < self.min_distance:
                tally["close"] += 1
            elif not self.accepts(volume, corner, cube=cube):
                tally["dense"] += 1
            else:
                return corner
        return None

    def accepts(self, volume: np.ndarray, corner: Sequence[int], *, cube: Sequence[int]) -> bool:
        """Whether the cube at a corner is as dense as it may be."""
        lengths = (cube[0], cube[1], cube[2] + self.filter_slices)
        window = volume[tuple(slice(start, start + n) for start, n in zip(corner, lengths, strict=True))]
        weight = dense_weight(window, threshold=self.threshold, slices=self.filter_slices)
        low, high = (share * float(np.prod(cube)) for share in self.dense_fraction)
        return low <= weight <= high


@dataclass(frozen=True)
class Resolutions:
    """The exact cube and variations of it, which are moved and scaled in the plane.

    The corner moves, not the centre, so that a change of size also shifts the centre; the depth stays as it is.

    Args:
        count: cubes an instance, the exact one among them, 1 or more.
        jitter: least and largest shift of the corner in voxels.
        sizes: least and largest edge in voxels, before it is resized to the cube's.

    Raises:
        ValueError: if no variation need fit inside a volume as large as the cube.

    Source:
        Haghighi et al., MICCAI 2020, multi-resolution cubes; numbers from the published program.
    """

    count: int = 3
    jitter: Sequence[int] = (-10, 9)
    sizes: Sequence[int] = (50, 79)

    def __post_init__(self) -> None:
        if self.count < 1 or not self.jitter[0] <= 0 <= self.jitter[1] or not 1 <= self.sizes[0] <= self.sizes[1]:
            raise ValueError(
                "count and sizes are 1 or more, jitter includes 0, both ranges go from small to large, "
                f"got {self.count}, {tuple(self.sizes)} and {tuple(self.jitter)}."
            )

    def draw(
        self, corner: Sequence[int], shape: Sequence[int], *, edge: int, draws: np.random.Generator
    ) -> list[tuple[tuple[int, ...], int]]:
        """The exact place and its variations, each as corner and size, all inside the volume.

        Args:
            corner: first voxel of the exact cube along each axis.
            shape: voxels of the volume along each axis.
            edge: voxels of the exact cube along the first two axes.
            draws: source of randomness.
        """
        places = [(tuple(corner), edge)]
        while len(places) < self.count:
            size = int(draws.integers(self.sizes[0], self.sizes[1] + 1))
            x, y = (int(start + draws.integers(self.jitter[0], self.jitter[1] + 1)) for start in corner[:2])
            if min(x, y) >= 0 and x + size <= shape[0] and y + size <= shape[1]:
                places.append(((x, y, corner[2]), size))
        return places
