"""The bar that a person watches."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ignite.engine import Engine, Events
from tqdm import tqdm

from medssl.handlers.errors import at_error

__all__ = ["ProgressBar"]


class ProgressBar:
    """Show iterations done, time left and the smoothed loss terms of the whole run in one line.

    ignite's own bar starts anew every epoch, so its time left is not the run's.

    Args:
        terms: gives named numbers from the engine's output; None shows the count alone.
        smoothing: share of the newest value in the shown average, in (0, 1].
        description: word before the bar.
    """

    def __init__(
        self,
        terms: Callable[[Any], Mapping[str, float]] | None = None,
        *,
        smoothing: float = 0.1,
        description: str = "",
    ) -> None:
        self.terms = terms
        self.smoothing = smoothing
        self.description = description
        self.shown: dict[str, float] = {}
        self.bar: Any = None

    def attach(self, engine: Engine) -> None:
        """Follow an engine from its start to its end."""
        engine.add_event_handler(Events.STARTED, self.open)
        engine.add_event_handler(Events.ITERATION_COMPLETED, self)
        engine.add_event_handler(Events.COMPLETED, self.close)
        at_error(engine, self.close)

    def open(self, engine: Engine) -> None:
        """Start the bar where the run starts, which after a resume is not zero."""
        total = (engine.state.epoch_length or 0) * (engine.state.max_epochs or 1) or None
        self.bar = tqdm(
            total=total, initial=engine.state.iteration, desc=self.description, unit="it", dynamic_ncols=True
        )

    def __call__(self, engine: Engine) -> None:
        """Move on by one iteration."""
        for name, value in (self.terms(engine.state.output) if self.terms else {}).items():
            self.shown[name] = value + (1 - self.smoothing) * (self.shown.get(name, value) - value)
        epochs = (
            {"epoch": f"{engine.state.epoch}/{engine.state.max_epochs}"} if (engine.state.max_epochs or 1) > 1 else {}
        )
        self.bar.set_postfix({**epochs, **{name: f"{value:.4g}" for name, value in self.shown.items()}}, refresh=False)
        self.bar.update()

    def close(self, engine: Engine) -> None:
        """Leave the finished line on the screen."""
        if self.bar is not None:
            self.bar.close()
