"""One row of numbers an epoch, as a table and as a picture."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from ignite.engine import Engine, Events

from medssl.data import read_rows, write_rows
from medssl.figures import draw_curves

__all__ = ["History"]


class History:
    """Keep the mean training terms, the learning rate and the validation metrics of every epoch.

    Writes ``history.csv`` and ``progress.png`` after each epoch. A resumed run keeps the rows before its first epoch;
    the sums of a cut epoch travel in the engine's state, so its row comes out as in an unbroken run.

    Args:
        directory: where both files go.
        terms: gives the named terms of one iteration from the engine's output.
        evaluator: engine whose metrics are added, with ``val_`` before their names; list the validation before this
            handler.
        optimizer: gives the learning rate of its first group.
    """

    def __init__(
        self,
        directory: str | os.PathLike,
        terms: Callable[[Any], Mapping[str, float]],
        *,
        evaluator: Engine | None = None,
        optimizer: Any = None,
    ) -> None:
        self.directory = Path(directory)
        self.terms = terms
        self.evaluator = evaluator
        self.optimizer = optimizer
        self.rows: list[dict[str, float]] = []
        self.clock = 0.0

    def attach(self, engine: Engine) -> None:
        """Sum over iterations, write after epochs."""
        engine.state_dict_user_keys.append("term_sums")
        engine.state.term_sums = {}
        engine.add_event_handler(Events.STARTED, self.start)
        engine.add_event_handler(Events.ITERATION_COMPLETED, self.add)
        engine.add_event_handler(Events.EPOCH_COMPLETED, self)

    def start(self, engine: Engine) -> None:
        """Keep the rows of the epochs that a resumed run has behind it."""
        self.rows = (
            [row for row in read_history(self.file) if row["epoch"] <= engine.state.epoch]
            if engine.state.iteration
            else []
        )
        self.clock = time.monotonic()

    @property
    def file(self) -> Path:
        """The table."""
        return self.directory / "history.csv"

    def add(self, engine: Engine) -> None:
        """Add one iteration's terms."""
        sums = engine.state.term_sums
        for name, value in {"iterations": 1.0, **self.terms(engine.state.output)}.items():
            sums[name] = sums.get(name, 0.0) + value

    def __call__(self, engine: Engine) -> None:
        """Close the epoch: one more row, table and picture anew."""
        sums = engine.state.term_sums
        row = {"epoch": float(engine.state.epoch)}
        row |= {name: value / sums["iterations"] for name, value in sums.items() if name != "iterations"}
        if self.optimizer is not None:
            row["learning_rate"] = float(self.optimizer.param_groups[0]["lr"])
        if self.evaluator is not None and self.evaluator.state.epoch == engine.state.epoch:
            row |= scalars(self.evaluator.state.metrics)
        row["seconds"], self.clock = time.monotonic() - self.clock, time.monotonic()
        engine.state.term_sums = {}
        self.rows.append(row)
        write_rows(self.file, self.rows)
        draw_curves(curves(self.rows), path=self.directory / "progress.png")


def scalars(metrics: Mapping[str, Any]) -> dict[str, float]:
    """Metrics that are single numbers, with ``val_`` before names that lack it."""
    named = {
        name if name.startswith("val_") else f"val_{name}": np.asarray(value, dtype=float)
        for name, value in metrics.items()
    }
    return {name: float(value) for name, value in named.items() if value.size == 1 and not np.isnan(value).any()}


def curves(rows: list[dict[str, float]]) -> dict[str, tuple[list[float], list[float]]]:
    """Columns of the table as curves over epochs, without the bookkeeping."""
    names = dict.fromkeys(name for row in rows for name in row if name not in ("epoch", "seconds"))
    having = {name: [row for row in rows if name in row] for name in names}
    return {name: ([row["epoch"] for row in own], [row[name] for row in own]) for name, own in having.items()}


def read_history(path: Path) -> list[dict[str, float]]:
    """Read the table; no file is an empty one."""
    return [{name: float(value) for name, value in row.items() if value} for row in read_rows(path)]
