"""Numbers that change while a run goes on: learning rate, weight decay, momentum, temperature."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ignite.engine import Engine, Events
from torch.optim import Optimizer

__all__ = ["Curve", "Ramp", "ScheduledOptimizer", "ScheduledValue"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Curve:
    """A straight warm-up from 0, both ends included, then half a cosine from one value to another.

    Args:
        base: value at the end of the warm-up, where the cosine begins.
        final: value at the end; the last step is just short of it.
        steps: steps in all; later ones have the final value.
        warmup: steps of the warm-up, fewer than ``steps``.

    Raises:
        ValueError: if the warm-up does not leave a step.

    Source:
        Loshchilov and Hutter, SGDR, ICLR 2017, equation 5; Caron et al., DINO, ICCV 2021, section 3.1: learning rate,
        weight decay and momentum follow one curve.
    """

    base: float
    final: float
    steps: int
    warmup: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.warmup < self.steps:
            raise ValueError(f"Curve needs more steps than warm-up, got {self.steps} and {self.warmup}.")

    def __call__(self, step: int) -> float:
        """Value at a step, counted from 0."""
        if step < self.warmup:
            return self.base * step / max(self.warmup - 1, 1)
        share = min((step - self.warmup) / (self.steps - self.warmup), 1.0)
        return self.final + 0.5 * (self.base - self.final) * (1 + math.cos(math.pi * share))


@dataclass(frozen=True)
class Ramp:
    """A straight line from one value to another, both ends included, and the second value from then on.

    Args:
        first: value before the ramp and at its first step.
        last: value at its last step and after it.
        steps: steps of the ramp; 0 for the last value throughout.
        start: steps before it begins.
    """

    first: float
    last: float
    steps: int
    start: int = 0

    def __call__(self, step: int) -> float:
        """Value at a step, counted from 0."""
        done = max(step - self.start, 0)
        if done >= self.steps:
            return self.last
        return self.first + (self.last - self.first) * done / max(self.steps - 1, 1)


class ScheduledOptimizer:
    """Set a word of an optimiser before every iteration.

    The value depends on the number of the iteration alone, so a resumed run goes on as the unbroken one.

    Args:
        optimizer: its groups in which the word is 0 keep it, such as the one of biases without weight decay.
        curve: gives the value for an iteration, counted from 0.
        name: the word, such as ``lr`` or ``weight_decay``.

    Raises:
        ValueError: if no group has such a word above 0, unless the curve too is 0 throughout.
    """

    def __init__(self, optimizer: Optimizer, curve: Callable[[int], float], *, name: str = "lr") -> None:
        self.groups = [number for number, group in enumerate(optimizer.param_groups) if group.get(name, 0) > 0]
        words = sorted(set(optimizer.param_groups[0]) - {"params"})
        nothing = isinstance(curve, Curve) and curve.base == curve.final == 0 and name in words
        if not self.groups and not nothing:
            raise ValueError(
                f"ScheduledOptimizer needs a group whose {name!r} is above 0 at the start, or a curve that is 0 "
                f"throughout; the words are {words}."
            )
        if name == "lr" and isinstance(curve, Curve) and curve.base < curve.final:
            logger.warning(
                "the learning rate rises to the end: its peak %g is below its final value %g; raise learning_rate, or "
                "lower the final one.",
                curve.base, curve.final,
            )  # fmt: skip
        self.optimizer = optimizer
        self.curve = curve
        self.name = name

    def attach(self, engine: Engine) -> None:
        """Set it before every iteration; attach to the trainer."""
        engine.add_event_handler(Events.ITERATION_STARTED, self)

    def __call__(self, engine: Engine) -> None:
        """Set the value of this iteration."""
        value = self.curve(engine.state.iteration - 1)
        for number in self.groups:
            self.optimizer.param_groups[number][self.name] = value


class ScheduledValue:
    """Set a number of any object before every iteration, such as the temperature of a teacher.

    Args:
        target: what has the number.
        name: what it is called there.
        curve: gives the value for an iteration or epoch, counted from 0.
        every: ``iteration`` or ``epoch``: what the curve counts.

    Raises:
        ValueError: if the object has no such number, or ``every`` is another word.
    """

    def __init__(self, target: Any, name: str, *, curve: Callable[[int], float], every: str = "iteration") -> None:
        if every not in ("iteration", "epoch"):
            raise ValueError(f"ScheduledValue counts every 'iteration' or 'epoch', got {every!r}.")
        if not hasattr(target, name):
            raise ValueError(f"ScheduledValue needs something with a {name!r}, {type(target).__name__} has none.")
        self.target = target
        self.name = name
        self.curve = curve
        self.every = every

    def attach(self, engine: Engine) -> None:
        """Set it before every iteration, so that a run resumed within an epoch has it too; attach to the trainer."""
        engine.add_event_handler(Events.ITERATION_STARTED, self)

    def __call__(self, engine: Engine) -> None:
        """Set the value of this iteration or epoch."""
        setattr(self.target, self.name, self.curve(getattr(engine.state, self.every) - 1))
