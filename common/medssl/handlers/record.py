"""What was run, on what, with which result."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from ignite.engine import Engine, Events

from medssl.data import write_json
from medssl.handlers.hardware import hardware
from medssl.weights import installed_versions

__all__ = ["RunRecord"]


class RunRecord:
    """Write ``run.json``: settings, versions, data, device, wall time, metrics.

    Args:
        path: the file.
        settings: the words of the run.
        evaluator: engine whose metrics and best metric are noted.
        device: where the network ran.
    """

    def __init__(
        self,
        path: str | os.PathLike,
        settings: Mapping[str, Any],
        *,
        evaluator: Engine | None = None,
        device: torch.device | str = "cpu",
    ) -> None:
        self.path = Path(path)
        self.settings = dict(settings)
        self.evaluator = evaluator
        self.device = torch.device(device)
        self.started = 0.0

    def attach(self, engine: Engine) -> None:
        """Note the start and the end of a run."""
        engine.add_event_handler(Events.STARTED, self.start)
        engine.add_event_handler(Events.EPOCH_COMPLETED, self)

    def start(self, engine: Engine) -> None:
        """Start the clock; the last word comes after the other handlers' ends."""
        engine.add_event_handler(Events.COMPLETED, self)
        self.started = time.time()

    def __call__(self, engine: Engine) -> None:
        """Write what is known so far, so that a killed run leaves a record too."""
        record = {
            "settings": self.settings,
            "epoch": engine.state.epoch,
            "iteration": engine.state.iteration,
            "wall_time_seconds": round(getattr(engine.state, "seconds_before", 0.0) + time.time() - self.started, 1),
            "hardware": hardware(self.device),
            "versions": installed_versions(),
            **self.results(engine),
        }
        write_json(self.path, record)

    def results(self, engine: Engine) -> dict[str, Any]:
        """Newest and best metrics, of the evaluator if there is one."""
        state = (self.evaluator or engine).state
        results = {"metrics": {name: as_number(value) for name, value in state.metrics.items()}}
        if self.evaluator is not None:
            results |= {"best_metric": as_number(state.best_metric), "best_epoch": state.best_metric_epoch}
        return results


def as_number(value: Any) -> Any:
    """A metric as a number or a list of numbers."""
    return value.tolist() if hasattr(value, "tolist") else value
