"""Ends of a run before its last epoch."""

from __future__ import annotations

import logging
import signal
import threading
import time
from types import FrameType

import ignite.distributed as idist
from ignite.engine import Engine, Events

from medssl.handlers.errors import at_error

__all__ = ["EarlyStop", "GracefulStop", "ValidateAtEnd"]

logger = logging.getLogger(__name__)


class GracefulStop:
    """Finish the iteration and end the run in order, on SIGTERM or when the time is up.

    A state saved on ``Events.TERMINATE`` then lets the run go on later. After SIGTERM the process ends with code 0;
    when the time is up the steps after the run still follow. The last iteration of an epoch takes the rest of its epoch
    with it, so that what belongs to the epoch's end is never lost. Several processes stop together.

    Args:
        max_minutes: time allowed from the start of the run; 0 means no limit.
    """

    def __init__(self, max_minutes: float = 0) -> None:
        self.max_minutes = max_minutes
        self.signalled = False
        self.started = 0.0
        self.previous: object = None  # what SIGTERM did before, while it does something else

    def attach(self, engine: Engine) -> None:
        """Watch an engine."""
        engine.add_event_handler(Events.STARTED, self.start)
        engine.add_event_handler(Events.ITERATION_COMPLETED | Events.EPOCH_COMPLETED, self)
        at_error(engine, self.give_back)

    def start(self, engine: Engine) -> None:
        """Start the clock and listen for SIGTERM, which only a main thread may; the end is put behind all handlers."""
        engine.add_event_handler(Events.COMPLETED, self.finish)
        self.started, self.signalled = time.monotonic(), False
        if threading.current_thread() is threading.main_thread():
            self.previous = signal.signal(signal.SIGTERM, self.on_signal)

    def on_signal(self, number: int, frame: FrameType | None) -> None:
        """Remember the wish; the iteration under way is finished first."""
        self.signalled = True

    def asked(self) -> tuple[bool, bool]:
        """Whether any process was signalled, and whether the minutes of any are used up."""
        out_of_time = 0 < self.max_minutes * 60 <= time.monotonic() - self.started
        if idist.get_world_size() == 1:
            return self.signalled, out_of_time
        worst = [idist.all_reduce(float(flag), "MAX") for flag in (self.signalled, out_of_time)]
        return bool(worst[0]), bool(worst[1])

    def __call__(self, engine: Engine) -> None:
        """End the run after this iteration if asked to."""
        ends_epoch = engine.state.epoch_length and engine.state.iteration % engine.state.epoch_length == 0
        if ends_epoch and engine.last_event_name == Events.ITERATION_COMPLETED:
            return
        self.signalled, out_of_time = self.asked()
        if self.signalled or out_of_time:
            reason = "SIGTERM" if self.signalled else f"max_minutes={self.max_minutes:g}"
            logger.warning("%s: stopping after iteration %d; --resume True goes on.", reason, engine.state.iteration)
            engine.terminate()

    def give_back(self, engine: Engine) -> None:
        """Let SIGTERM do what it did before."""
        if self.previous is not None and threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, self.previous)  # type: ignore[arg-type]  # what signal.signal returned before
            self.previous = None

    def finish(self, engine: Engine) -> None:
        """Give SIGTERM back, and leave the process after it.

        Raises:
            SystemExit: with code 0, after SIGTERM.
        """
        self.give_back(engine)
        if self.signalled:
            raise SystemExit(0)


class ValidateAtEnd:
    """Validate when a run ends whose last epoch was not, so that short runs and odd intervals leave their weights too.

    A run that was stopped before its last epoch is validated only if it never was: it will go on later, and must then
    come out as if it had not been stopped. List it after :class:`GracefulStop`.

    Args:
        validator: evaluator with a ``state.best_metric_epoch``.
    """

    def __init__(self, validator: Engine) -> None:
        self.validator = validator

    def attach(self, engine: Engine) -> None:
        """Wait for the end; registered at the start, it comes after the handlers of the last epoch."""
        engine.add_event_handler(Events.STARTED, lambda e: e.add_event_handler(Events.COMPLETED, self))

    def __call__(self, engine: Engine) -> None:
        """Validate if it is missing."""
        whole = engine.state.iteration >= (engine.state.epoch_length or 0) * (engine.state.max_epochs or 1)
        validated = self.validator.state.epoch == engine.state.epoch
        if (whole and not validated) or self.validator.state.best_metric_epoch == -1:
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
