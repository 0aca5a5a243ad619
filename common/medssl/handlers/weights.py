"""The weights that a run leaves behind."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from ignite.engine import Engine, Events
from torch import nn

from medssl.handlers.hardware import hardware
from medssl.weights import write_weights

__all__ = ["BestWeights"]


class BestWeights:
    """Write the network's weights, and a page of facts beside them, at every better validation, or at every one.

    Args:
        network: what is saved, not wrapped for several processes.
        path: the weights' file; the facts go to the same name with ``.json``.
        half: save in half precision, half the size.
        facts: words to note beside the weights, such as the settings and the hash of the data.
        device: where the network learns, noted with the minutes that it took.
        keep: ``best``, or ``last`` where validations cannot be compared with each other.

    Raises:
        ValueError: if ``keep`` is another word.
    """

    def __init__(
        self,
        network: nn.Module,
        path: str | os.PathLike,
        *,
        half: bool = False,
        facts: Mapping[str, Any] | None = None,
        device: torch.device | str = "cpu",
        keep: str = "best",
    ) -> None:
        if keep not in ("best", "last"):
            raise ValueError(f"keep is 'best' or 'last', got {keep!r}.")
        self.network = network
        self.path = Path(path)
        self.half = half
        self.facts = dict(facts or {})
        self.device = device
        self.keep = keep
        self.started = time.monotonic()

    def attach(self, engine: Engine) -> None:
        """Look after every validation; attach to the evaluator."""
        engine.add_event_handler(Events.EPOCH_COMPLETED, self)

    def __call__(self, engine: Engine) -> None:
        """Write if this validation was the best, or if the last one counts."""
        if self.keep == "best" and engine.state.best_metric_epoch != engine.state.epoch:
            return
        metrics = {name: _finite(np.asarray(value, dtype=float)) for name, value in engine.state.metrics.items()}
        seconds = getattr(engine.state, "seconds_before", 0.0) + time.monotonic() - self.started
        cost = {"training_minutes": round(seconds / 60, 1), "hardware": hardware(self.device)}
        facts = {**self.facts, "epoch": engine.state.epoch, "metrics": metrics, **cost}
        write_weights(self.path, self.network, half=self.half, facts=facts)


def _finite(values: np.ndarray) -> Any:
    """Numbers as JSON knows them: none in the place of NaN."""
    if values.ndim:
        return [_finite(np.asarray(value)) for value in values]
    return float(values) if np.isfinite(values) else None
