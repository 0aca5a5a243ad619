"""The weights that a run leaves behind."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from ignite.engine import Engine, Events
from torch import nn

from medssl.weights import write_weights

__all__ = ["BestWeights"]


class BestWeights:
    """Write the network's weights, and a page of facts beside them, at every better validation.

    Args:
        network: what is saved, not wrapped for several processes.
        path: the weights' file; the facts go to the same name with ``.json``.
        half: save in half precision, half the size.
        facts: words to note beside the weights, such as the settings and the hash of the data.
    """

    def __init__(
        self,
        network: nn.Module,
        path: str | os.PathLike,
        *,
        half: bool = False,
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        self.network = network
        self.path = Path(path)
        self.half = half
        self.facts = dict(facts or {})

    def attach(self, engine: Engine) -> None:
        """Look after every validation; attach to the evaluator."""
        engine.add_event_handler(Events.EPOCH_COMPLETED, self)

    def __call__(self, engine: Engine) -> None:
        """Write if this validation was the best."""
        if engine.state.best_metric_epoch != engine.state.epoch:
            return
        metrics = {name: np.asarray(value, dtype=float).tolist() for name, value in engine.state.metrics.items()}
        write_weights(
            self.path,
            self.network,
            half=self.half,
            facts={**self.facts, "epoch": engine.state.epoch, "metrics": metrics},
        )
