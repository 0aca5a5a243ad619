"""A new stage of training that goes on from the end of another one."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ignite.engine import Engine, Events

from medssl.handlers.checkpoints import read_state

__all__ = ["EarlierState"]

logger = logging.getLogger(__name__)


class EarlierState:
    """Begin with the last state of an earlier run: networks whole, optimisers and schedules anew.

    List it behind :class:`TrainingState`: a run that is resumed has its own state, and keeps it.

    Args:
        earlier: the earlier run's ``checkpoint.pt``, or ``none_given`` to begin without.
        objects: what takes its state from there, by its name there; names that the earlier run had not are refused.

    Raises:
        ValueError: if the file is not there, has no such object, or one of another shape.

    Source:
        Haghighi et al., DiRA, CVPR 2022: discrimination and restoration are warmed up before the adversary joins.
    """

    def __init__(self, earlier: str | os.PathLike, objects: Mapping[str, Any]) -> None:
        self.path = Path(earlier)
        self.objects = dict(objects)

    def attach(self, engine: Engine) -> None:
        """Load at the start; attach to the trainer."""
        engine.add_event_handler(Events.STARTED, self)

    def __call__(self, engine: Engine) -> None:
        """Load, unless the run is resumed, or begins without."""
        if engine.state.iteration or self.path.name == "none_given":
            return
        path = self.path
        if not path.is_file():
            raise ValueError(
                f"this stage goes on from an earlier one, but there is no {path.name} in {path.parent.name}/; run that "
                "stage first, name its state by --earlier PATH, or begin without by --earlier none_given."
            )
        state = read_state(path)
        for name, thing in self.objects.items():
            self.load(name, thing, objects=state["objects"])
        self.warn_of_rest(state["engine"])
        logger.info(
            "went on from %s/%s, iteration %d there.", path.parent.name, path.name, state["engine"]["iteration"]
        )

    def warn_of_rest(self, engine: Mapping[str, Any]) -> None:
        """Say so if the earlier run was not at its end.

        Args:
            engine: its engine's state.
        """
        planned = int(engine["max_epochs"] or 0) * int(engine["epoch_length"])
        if engine["iteration"] < planned:
            logger.warning("the earlier run ended at iteration %d of %d.", engine["iteration"], planned)

    def load(self, name: str, thing: Any, *, objects: Mapping[str, Any]) -> None:
        """Give one object its earlier state.

        Args:
            name: its name in the earlier run.
            thing: has ``load_state_dict``.
            objects: states of the earlier run, by name.

        Raises:
            ValueError: if there is none, or it does not fit.
        """
        if name not in objects:
            raise ValueError(f"{self.path.name} needs a state of {name!r}, has {sorted(objects)}.")
        try:
            thing.load_state_dict(objects[name])
        except RuntimeError as error:
            reason = " ".join(str(error).split())[:300]
            raise ValueError(f"the earlier state of {name!r} does not fit this run's: {reason}") from error
