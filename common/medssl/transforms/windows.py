"""Windows of grey values in the numbers of a stored volume."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

__all__ = ["PERCENTILES", "require_window", "stored_window"]

PERCENTILES = "percentiles"


def require_window(who: str, window: Sequence[float] | str) -> None:
    """Stop unless a window is two rising values or the word ``percentiles``.

    Raises:
        ValueError: if it is neither.
    """
    known = window == PERCENTILES if isinstance(window, str) else len(window) == 2 and window[0] < window[1]
    if not known:
        raise ValueError(f"{who} needs a window of two rising values or 'percentiles', got {window!r}.")


def stored_window(
    window: Sequence[float] | str, facts: Mapping[str, Any], *, name: str = "an image that is not stored"
) -> tuple[float, float]:
    """Lower and upper end of a window in the numbers that a stored volume has.

    Args:
        window: two values of the image, or ``percentiles``.
        facts: of the stored volume: its ``percentiles``, and the ``scale`` of its numbers.
        name: of the volume, for the error.

    Raises:
        ValueError: if the percentiles are not there, or do not differ.
    """
    low, high = np.asarray(facts.get(PERCENTILES, (0, 0)) if isinstance(window, str) else window, dtype=float)
    if not low < high:
        raise ValueError(
            f"Percentiles that differ are needed, got [{low:g}, {high:g}] in {name}; leave this volume out, or give a "
            "window of two values."
        )
    scale = facts.get("scale", 1.0)  # older stores have none
    return float(low / scale), float(high / scale)
