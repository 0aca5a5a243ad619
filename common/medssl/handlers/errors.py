"""What is still to be done when a run ends in an error."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

from ignite.engine import Engine, Events

__all__ = ["at_error"]

ACTIONS: WeakKeyDictionary[Engine, list[Callable[[Engine], Any]]] = WeakKeyDictionary()


def at_error(engine: Engine, action: Callable[[Engine], Any]) -> None:
    """Do something when a run ends in an error, which then goes on to the caller.

    Of an engine's own handlers of errors the first one that passes the error on keeps the others from knowing.

    Args:
        engine: whose runs to watch.
        action: what to do; it may be done twice for one error.
    """
    if engine not in ACTIONS:
        ACTIONS[engine] = []
        engine.add_event_handler(Events.EXCEPTION_RAISED, _finish)
    ACTIONS[engine].append(action)


def _finish(engine: Engine, error: BaseException) -> None:
    for action in ACTIONS[engine]:
        action(engine)
    raise error
