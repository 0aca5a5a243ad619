"""Ends of a run before its last epoch."""

from __future__ import annotations

import logging
import signal
import threading
import time
from types import FrameType

from ignite.engine import Engine, Events

__all__ = ["EarlyStop", "GracefulStop"]

logger = logging.getLogger(__name__)


class GracefulStop:
    """Finish the iteration and end the run in order, on SIGTERM or when the time is up.

    A state saved on ``Events.TERMINATE`` then lets the run go on later. After SIGTERM the process ends with code 0.
    When the time is up the steps after the run still follow, and if no validation has run yet, one is run, so that even
    a short run leaves weights.

    Args:
        max_minutes: time allowed from the start of the run; 0 means no limit.
        validator: engine to run once at the end if it never ran.
    """

    def __init__(self, max_minutes: float = 0, validator: Engine | None = None) -> None:
        self.max_minutes = max_minutes
        self.validator = validator
        self.signalled = False
        self.started = 0.0
        self.previous: object = signal.SIG_DFL

    def attach(self, engine: Engine) -> None:
        """Watch an engine."""
        engine.add_event_handler(Events.STARTED, self.start)
        engine.add_event_handler(Events.ITERATION_COMPLETED, self)

    def start(self, engine: Engine) -> None:
        """Start the clock and listen for SIGTERM, which only a main thread may; the end is put behind all handlers."""
        engine.add_event_handler(Events.COMPLETED, self.finish)
        self.started, self.signalled = time.monotonic(), False
        if threading.current_thread() is threading.main_thread():
            self.previous = signal.signal(signal.SIGTERM, self.on_signal)

    def on_signal(self, number: int, frame: FrameType | None) -> None:
        """Remember the wish; the iteration under way is finished first."""
        self.signalled = True

    @property
    def out_of_time(self) -> bool:
        """Whether the minutes are used up."""
        return 0 < self.max_minutes * 60 <= time.monotonic() - self.started

    def __call__(self, engine: Engine) -> None:
        """End the run after this iteration if asked to."""
        if self.signalled or self.out_of_time:
            reason = "SIGTERM" if self.signalled else f"max_minutes={self.max_minutes:g}"
            logger.warning("%s: stopping after iteration %d; --resume True goes on.", reason, engine.state.iteration)
            engine.terminate()

    def finish(self, engine: Engine) -> None:
        """Give SIGTERM back; then leave the process, or validate once if nothing ever was.

        Raises:
            SystemExit: with code 0, after SIGTERM.
        """
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, self.previous)  # type: ignore[arg-type]  # what signal.signal returned before
        never = self.validator is not None and self.validator.state.best_metric_epoch == -1
        if self.signalled:
            raise SystemExit(0)
        if never and self.validator is not None and self.out_of_time:
            self.validator.run(global_epoch=engine.state.epoch)


class EarlyStop:
    """End a run whose validation has not improved for some epochs.

    Holds no count of its own: it reads the best epoch from the evaluator, which a resumed run restores.

    Args:
        validator: evaluator whose ``state.best_metric_epoch`` is watched.
        patience: epochs without improvement; 0 means never to stop.
    """

    def __init__(self, validator: Engine, patience: int) -> None:
        self.validator = validator
        self.patience = patience

    def attach(self, engine: Engine) -> None:
        """Look after every epoch, and at the start of a resumed run."""
        engine.add_event_handler(Events.STARTED | Events.EPOCH_COMPLETED, self)

    def __call__(self, engine: Engine) -> None:
        """Compare the newest epoch with the best."""
        best = self.validator.state.best_metric_epoch
        if 0 < self.patience <= engine.state.epoch - best and best != -1:
            logger.info("no better validation for %d epochs (best: epoch %d), stopping.", self.patience, best)
            engine.terminate()
