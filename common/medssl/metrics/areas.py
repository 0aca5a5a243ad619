"""Areas under receiver operating characteristics."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from monai.handlers import IgniteMetricHandler
from monai.metrics import ROCAUCMetric

__all__ = ["ClassAUC"]


class ClassAUC(IgniteMetricHandler):
    """Area under the ROC curve of every class, or its mean over the classes that have cases with and without them.

    MONAI's handler keeps only the first class of ``average="none"``, and its mean is not a number as soon as one class
    does not occur.

    Args:
        average: ``"macro"``, or ``"none"`` for each class; one that does not occur is then not a number, which
            :class:`medssl.handlers.NamedMetrics` leaves out.
        output_transform: gives predictions and labels from an engine's output, as for MONAI's ``ROCAUC``.

    Shape:
        Scores ``(K,)`` a case, and as many labels of 0 or 1: one-hot, or any number of ones.

    Raises:
        ValueError: if the average is another.
    """

    def __init__(self, average: str = "macro", *, output_transform: Callable[[Any], Any]) -> None:
        if average not in ("macro", "none"):
            raise ValueError(f"average is 'macro' or 'none', got {average!r}.")
        super().__init__(ROCAUCMetric(average="none"), output_transform=output_transform, save_details=False)
        self.average = average

    def compute(self) -> Any:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="y values can not be all")  # NamedMetrics says which
            areas = np.atleast_1d(self.metric_fn.aggregate())
        self._is_reduced = True
        known = areas[np.isfinite(areas)]
        if self.average == "none":
            return areas
        return float(known.mean()) if len(known) else float("nan")
