"""Whole state of a run: saved so that it can be killed at any time, and continued as if it had not been."""

from __future__ import annotations

import logging
import os
import pickle
import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import ignite.distributed as idist
import torch
from ignite.engine import Engine, Events

from medssl.data import replacing
from medssl.handlers.randomness import capture_random_state, restore_random_state

__all__ = ["TrainingState"]

logger = logging.getLogger(__name__)


class TrainingState:
    """Save everything a run needs to continue, and continue from it.

    The file is replaced atomically after every epoch, every ``minutes``, and when the run is terminated. A resumed run
    starts in the middle of the epoch that was cut, with the very draws that the unbroken run would have made: items
    draw by (seed, epoch, index), and the sampler skips those already seen.

    List it first among the trainer's handlers: it loads before the others start, and saves after them.

    Args:
        path: the checkpoint file.
        objects: what has a ``state_dict``, by name: networks (not wrapped for several processes), optimisers, ...
        settings: the words of the run; resuming under other values is refused, except for the words in ``free``.
        evaluator: engine whose best metric is kept.
        resume: continue from ``path`` if it is there.
        minutes: time between saves within an epoch; 0 saves after epochs only.
        rank: only rank 0 writes; all ranks read.
        free: words that may differ when resuming.

    Raises:
        ValueError: when resuming under other settings, or from a file that is no state of this run.
        OSError: before the first iteration, if the disk has no room for two states.
    """

    def __init__(
        self,
        path: str | os.PathLike,
        objects: Mapping[str, Any],
        *,
        settings: Mapping[str, Any],
        evaluator: Engine | None = None,
        resume: bool = False,
        minutes: float = 30,
        rank: int = 0,
        free: Sequence[str] = (),
    ) -> None:
        self.path = Path(path)
        self.objects = dict(objects)
        self.settings = {**settings, "processes": idist.get_world_size()}
        self.evaluator = evaluator
        self.resume = resume
        self.minutes = minutes
        self.rank = rank
        self.free = frozenset(free)
        self.saved_at = self.started_at = 0.0

    def attach(self, engine: Engine) -> None:
        """Load at the start; registering the saves only then puts them behind every other handler."""
        engine.add_event_handler(Events.STARTED, self.start)

    def start(self, engine: Engine) -> None:
        """Load if asked to, make sure that there is room, and begin to save."""
        self.saved_at = self.started_at = time.monotonic()
        self.count_seconds(engine, 0.0)
        if self.resume and self.path.exists():
            self.load(engine)
        elif self.path.exists():
            logger.warning(
                "%s: an earlier run's state is there and will be replaced; --resume True continues it.", self.path.name
            )
        elif self.resume:
            logger.info("nothing to resume from at %s, starting anew.", self.path.name)
        if self.rank == 0:
            self.require_room()
            engine.add_event_handler(Events.ITERATION_COMPLETED, self.save_if_due)
            engine.add_event_handler(Events.EPOCH_COMPLETED | Events.TERMINATE, self.save)

    def count_seconds(self, engine: Engine, before: float) -> None:
        """Tell the other handlers how long the run had lasted before it was cut."""
        for one in (engine, self.evaluator):
            if one is not None:
                one.state.seconds_before = before

    def require_room(self) -> None:
        """Refuse to start when two states (the old and the new) do not fit on the disk."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        parameters = sum(tensor_bytes(thing.state_dict()) for thing in self.objects.values())
        needed, free = 2 * 3 * parameters, shutil.disk_usage(self.path.parent).free  # weights and two moments, twice
        if free < needed:
            raise OSError(
                f"checkpoints need about {needed / 1e6:.0f} MB in {self.path.parent.name}, "
                f"{free / 1e6:.0f} MB are free; free some space or set --output_dir to another disk."
            )

    def save_if_due(self, engine: Engine) -> None:
        """Save within an epoch when enough time has passed; its last iteration belongs to the save after the epoch."""
        due = 0 < self.minutes * 60 <= time.monotonic() - self.saved_at
        if due and engine.state.iteration % engine.state.epoch_length:
            self.save(engine)

    def save(self, engine: Engine) -> None:
        """Write the state beside the old one, then take its place."""
        if self.rank != 0:
            return
        state = {
            "engine": dict(engine.state_dict()),
            "objects": {name: thing.state_dict() for name, thing in self.objects.items()},
            "best": self.best(),
            "random": capture_random_state(),
            "settings": self.settings,
            "seconds": engine.state.seconds_before + time.monotonic() - self.started_at,
        }
        with replacing(self.path) as draft:
            torch.save(state, draft)
        self.saved_at = time.monotonic()

    def best(self) -> dict[str, float]:
        """Best metric so far, and its epoch."""
        if self.evaluator is None:
            return {}
        state = self.evaluator.state
        return {"best_metric": float(state.best_metric), "best_metric_epoch": int(state.best_metric_epoch)}

    def load(self, engine: Engine) -> None:
        """Put everything back, and the random states once the first batch is there."""
        state = read_state(self.path)
        self.require_same(state["settings"])
        for name, thing in self.objects.items():
            thing.load_state_dict(state["objects"][name])
        epochs = engine.state.max_epochs
        engine.load_state_dict(
            state["engine"]
            | {"max_epochs": max(epochs or 1, state["engine"]["iteration"] // engine.state.epoch_length)}
        )
        self.count_seconds(engine, state["seconds"])
        for name, value in state["best"].items():
            setattr(self.evaluator.state, name, value)  # type: ignore[union-attr]  # best is empty without one
        self.skip_seen(engine)
        engine.add_event_handler(
            Events.ITERATION_STARTED(once=engine.state.iteration + 1), restore_random_state, state["random"]
        )
        logger.info("resumed at epoch %d, iteration %d.", engine.state.epoch, engine.state.iteration)

    def require_same(self, earlier: Mapping[str, Any]) -> None:
        """Compare the settings with those that the state was made under."""
        names = sorted((set(earlier) | set(self.settings)) - self.free)
        changed = [
            f"{n}: {earlier.get(n)!r} then, {self.settings.get(n)!r} now"
            for n in names
            if earlier.get(n) != self.settings.get(n)
        ]
        if changed:
            raise ValueError(
                f"cannot resume {self.path.name} under other settings ({'; '.join(changed)}); "
                "set them back, or start anew with --resume False."
            )

    @staticmethod
    def skip_seen(engine: Engine) -> None:
        """Tell the sampler which part of a cut epoch has been seen."""
        seen = engine.state.iteration % engine.state.epoch_length
        if seen:
            loader = engine.data_loader
            loader.sampler.start = seen * loader.batch_size


def read_state(path: Path) -> dict[str, Any]:
    """Read a state; never runs code from the file.

    Raises:
        ValueError: if the file is cut short, or holds more than tensors and plain values.
    """
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, KeyError) as error:
        reason = str(error).splitlines()[0]
        raise ValueError(
            f"{path.name} is no readable state of a run ({reason}); remove it, or start with --resume False."
        ) from error


def tensor_bytes(state: Any) -> int:
    """Bytes of all tensors in a nested state."""
    if isinstance(state, torch.Tensor):
        return state.numel() * state.element_size()
    items = state.values() if isinstance(state, Mapping) else state if isinstance(state, (list, tuple)) else ()
    return sum(tensor_bytes(item) for item in items)
