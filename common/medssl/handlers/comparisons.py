"""A run's metrics beside what costs nothing."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

import numpy as np
from ignite.engine import Engine, Events

__all__ = ["ComparedMetrics"]

logger = logging.getLogger(__name__)


class ComparedMetrics:
    """At the end of a run, log errors beside those of a baseline, and warn where the network is not better.

    Rows whose metrics were not measured are left out. List it after the last validation.

    Args:
        rows: by a name for the table, the metric and the baseline's metric; lower is better.
        evaluator: engine whose metrics are compared; without it, that to which this is attached.
    """

    def __init__(self, rows: Mapping[str, Sequence[str]], *, evaluator: Engine | None = None) -> None:
        self.rows = dict(rows)
        self.evaluator = evaluator

    def attach(self, engine: Engine) -> None:
        """Compare when the engine's run is over."""
        engine.add_event_handler(Events.COMPLETED, self)

    def __call__(self, engine: Engine) -> None:
        """Log the table, then the warnings."""
        metrics = (self.evaluator or engine).state.metrics
        pairs = {
            row: [np.asarray(metrics.get(name, np.nan), dtype=float) for name in names]
            for row, names in self.rows.items()
        }
        known = {
            row: [float(value) for value in pair]
            for row, pair in pairs.items()
            if all(value.size == 1 and np.isfinite(value) for value in pair)
        }
        if not known:
            return
        width = max(map(len, known))
        lines = [f"{row:{width}}  {value:>8.3g}  {baseline:>8.3g}" for row, (value, baseline) in known.items()]
        logger.info("%s", "\n".join([f"{'error':{width}}  {'network':>8}  {'constant':>8}", *lines]))
        for row, (value, baseline) in known.items():
            if value >= baseline:
                logger.warning("%s: the network's %.3g is not below the constant's %.3g.", row, value, baseline)
