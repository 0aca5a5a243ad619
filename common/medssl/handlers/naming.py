"""Metrics of several values, one name each."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np
from ignite.engine import Engine, Events

__all__ = ["NamedMetrics"]

logger = logging.getLogger(__name__)


class NamedMetrics:
    """Replace a metric of several values by as many numbers with names, which every log and tracker understands.

    List it first among the evaluator's handlers. Values that are not a number, such as those of a class that does not
    occur, are left out, which is logged when it changes.

    Args:
        metric: name of the metric.
        names: what its values are called; "val_organ_dice" of "liver" becomes "val_organ_dice_liver".

    Raises:
        ValueError: if the metric has another number of values.
    """

    def __init__(self, metric: str, names: Sequence[str]) -> None:
        self.metric = metric
        self.names = tuple(names)
        self.left_out: list[str] = []

    def attach(self, engine: Engine) -> None:
        """Rename after every evaluation."""
        engine.add_event_handler(Events.EPOCH_COMPLETED, self)

    def __call__(self, engine: Engine) -> None:
        """Rename."""
        values = np.asarray(engine.state.metrics.pop(self.metric), dtype=float).reshape(-1)
        if len(values) != len(self.names):
            raise ValueError(f"{self.metric} needs a name for each of {len(values)} values, got {list(self.names)}.")
        known = {f"{self.metric}_{name}": float(value) for name, value in zip(self.names, values, strict=True)}
        left_out = [name for name, value in known.items() if np.isnan(value)]
        if left_out and left_out != self.left_out:
            logger.info("no cases to measure %s by; left out.", ", ".join(left_out))
        self.left_out = left_out
        engine.state.metrics.update({name: value for name, value in known.items() if name not in left_out})
