"""One plane of values as its file has it, and what is seen of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Plane", "checked_window"]

USUAL_RANGE = (0.5, 99.5)  # per cent of the values
MANY = 1_000_000  # pixels from which on percentiles are taken of every second, third, ... row and column


@dataclass(frozen=True)
class Plane:
    """The values of one file.

    Args:
        values: as stored, after the rescaling that a DICOM header wants, ``(x, y)``.
        affine: pixel index to position in mm, ``(4, 4)``.
        shown: what the header of the file wants to be seen, in [0, 1], ``(x, y)``; none if it says nothing.
        inverted: whether high values are dark.
    """

    values: np.ndarray
    affine: np.ndarray
    shown: np.ndarray | None = None
    inverted: bool = False

    def grey(self, window: str | Sequence[float] = "auto") -> np.ndarray:
        """The values in a window, as 8 bits from black to white.

        Args:
            window: what :func:`read_plane` takes.

        Returns:
            Grey values ``(x, y)``, uint8; at ``none`` the values themselves.
        """
        window = checked_window(window)
        if window == "none":
            return self.values
        grey = self._grey(window)
        return 255 - grey if self.inverted else grey

    def _grey(self, window: Any) -> np.ndarray:
        if window == "auto" and self.shown is not None:
            return _eight_bits(self.shown)
        if window == "auto" and self.values.dtype == np.uint8:
            return self.values
        low, high = self._usual_range() if window == "auto" else window
        return _eight_bits((self.values.astype(np.float32) - low) / max(high - low, 1e-12))

    def _usual_range(self) -> tuple[float, float]:
        step = max(1, math.isqrt(self.values.size // MANY))
        low, high = np.percentile(self.values[::step, ::step], USUAL_RANGE)
        return float(low), float(high)


def checked_window(window: Any) -> str | tuple[float, float]:
    """A window that is one.

    Args:
        window: ``auto``, ``none``, or the lowest and the highest value.

    Raises:
        ValueError: if it is anything else.
    """
    if isinstance(window, str) and window in ("auto", "none"):
        return window
    numbers = isinstance(window, list | tuple) and all(isinstance(edge, int | float) for edge in window)
    if not numbers or len(window) != 2 or not window[0] < window[1]:
        raise ValueError(f"window is 'auto', 'none' or [lowest, highest] value of the files, got {window!r}.")
    return float(window[0]), float(window[1])


def _eight_bits(values: np.ndarray) -> np.ndarray:
    return np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8)
