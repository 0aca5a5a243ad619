"""Shuffling voxels within small windows."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

import numpy as np

from medssl.transforms.base import RandImage, voxels_along
from medssl.transforms.mapping import RandMap

__all__ = ["RandLocalShuffle", "RandLocalShuffled", "shuffled_sources"]


def shuffled_sources(
    shape: Sequence[int] | np.ndarray, starts: np.ndarray, *, sizes: np.ndarray, turns: np.ndarray, keys: np.ndarray
) -> np.ndarray:
    """For each voxel, the voxel that it takes its value from when windows are shuffled one after the other.

    Each window deals out the values that its voxels had before any shuffling; where windows overlap, the later wins.
    Windows in the order of their volumes are quickest, since those of one volume are handled together.

    Args:
        shape: lengths of the image's spatial axes.
        starts: first voxel of each window, ``(W, len(shape))``.
        sizes: edge lengths of each window, 1 or more, ``(W, len(shape))``.
        turns: when each window is shuffled, a permutation of 0 to W - 1.
        keys: one unsigned number for each voxel of each window, window after window: the n-th voxel of a window takes
            the value of its voxel with the n-th smallest key. As many low bits as number the window's voxels do not
            count.

    Returns:
        Flat indices, ``(prod(shape),)``.
    """
    target = _window_voxels(shape, starts, sizes=sizes)
    volumes = sizes.prod(axis=1)
    turn = np.repeat(turns, volumes)
    latest = np.full(np.prod(shape), -1, dtype=turn.dtype)
    np.maximum.at(latest, target, turn)
    written = np.flatnonzero(latest.take(target) == turn)  # one place in one window for each voxel that changes
    source = np.arange(len(latest), dtype=target.dtype)
    source[target.take(written)] = target.take(_sorted_places(volumes, keys).take(written))
    return source


def _window_voxels(shape: Sequence[int] | np.ndarray, starts: np.ndarray, *, sizes: np.ndarray) -> np.ndarray:
    """Flat indices of all voxels of all windows, window after window."""
    voxels = np.ravel_multi_index(tuple(starts.T), tuple(shape)).astype(np.int32)
    pieces = np.ones(len(starts), dtype=np.int32)  # of each window: first whole, then rows, then voxels
    for axis in range(len(shape)):
        stride = int(np.prod(shape[axis + 1 :]))
        lengths = np.repeat(sizes[:, axis], pieces)
        ends = lengths.cumsum(dtype=np.int32)
        steps = np.arange(0, ends[-1] * stride, stride, dtype=np.int32)
        voxels = np.repeat(voxels - (ends - lengths) * stride, lengths) + steps
        pieces = pieces * sizes[:, axis]
    return voxels


def _sorted_places(volumes: np.ndarray, keys: np.ndarray) -> np.ndarray:
    """Where the keys of each window are, smallest first, window after window."""
    places = np.empty(len(keys), dtype=np.int32)
    first = 0
    for volume, windows in ((volume, len(list(same))) for volume, same in groupby(volumes.tolist())):
        last = first + volume * windows
        low_bits = keys.dtype.type((1 << (volume - 1).bit_length()) - 1)  # sorting numbers that carry their place
        carrying = keys[first:last].reshape(windows, volume) & ~low_bits  # is thrice as fast as argsort
        carrying |= np.arange(volume, dtype=keys.dtype)
        carrying.sort(axis=1)
        places[first:last] = ((carrying & low_bits) + np.arange(first, last, volume, dtype=keys.dtype)[:, None]).ravel()
        first = last
    return places


class RandLocalShuffle(RandImage):
    """Shuffle the voxels within many small windows.

    Local texture and edges are lost while the rest stays, so they can only be restored by knowing them. All channels
    are shuffled alike.

    Args:
        prob: chance of shuffling at all, in [0, 1].
        windows: how many windows. 10,000 change four fifths of a 64x64x32 cube, 5 change a thousandth.
        max_size: longest edge of a window along each axis: below 1 a share of the axis, from 1 on voxels. Edges are
            drawn evenly from 1 to this.

    Raises:
        ValueError: if an axis is too short for a window.

    Source:
        Zhou et al., Models Genesis, Medical Image Analysis 2021, local pixel shuffling.
    """

    def __init__(self, prob: float = 1.0, *, windows: int = 10000, max_size: float = 0.1) -> None:
        super().__init__(prob)
        if windows < 1 or max_size <= 0:
            raise ValueError(
                f"RandLocalShuffle needs at least 1 window and a max_size above 0, got {windows} and {max_size}."
            )
        self.windows = windows
        self.max_size = max_size

    def randomize(self, data: Any = None) -> None:
        super().randomize(data)
        shape = np.asarray(data.shape[1:])
        largest = self._largest(shape)
        if self._do_transform:
            # One axis after the other in memory: working along the windows is then twice as fast.
            sizes = 1 + (self.R.rand(len(shape), self.windows).T * largest).astype(np.int32)
            sizes = sizes.T.take(sizes.prod(axis=1).argsort(kind="stable"), axis=1).T
            starts = (self.R.rand(*sizes.T.shape).T * (shape - sizes + 1)).astype(np.int32)
            turns = self.R.permutation(self.windows).astype(np.int32)
            dtype = np.uint32 if largest.prod() <= 2**10 else np.uint64  # 22 bits at least are left for the order
            keys = self.R.randint(0, 2 ** np.iinfo(dtype).bits, size=sizes.prod(axis=1).sum(), dtype=dtype)
            self.sources = shuffled_sources(shape, starts, sizes=sizes, turns=turns, keys=keys)

    def apply(self, image: np.ndarray) -> np.ndarray:
        return image.reshape(len(image), -1).take(self.sources, axis=1).reshape(image.shape)

    def _largest(self, shape: np.ndarray) -> np.ndarray:
        largest = voxels_along(shape, self.max_size)
        if largest.min() < 1 or np.any(largest > shape):
            needed = int(np.ceil(1 / self.max_size)) if self.max_size < 1 else int(self.max_size)
            raise ValueError(
                f"RandLocalShuffle(max_size={self.max_size:g}) needs at least {needed} voxels along each axis, got "
                f"{shape.tolist()}."
            )
        return largest


class RandLocalShuffled(RandMap):
    """Dictionary form of :class:`RandLocalShuffle`."""

    array_class = RandLocalShuffle
