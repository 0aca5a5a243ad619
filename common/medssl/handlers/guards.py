"""Ways in which a pre-training run goes wrong while its loss looks well."""

from __future__ import annotations

import logging
import math
from collections import deque
from collections.abc import Callable, Mapping
from statistics import fmean
from typing import Any

import ignite.distributed as idist
from ignite.engine import Engine, Events
from monai.engines import IterationEvents

from medssl.handlers.terms import whole_output
from medssl.metrics import spread

__all__ = ["CollapseGuard", "FiniteLoss", "JudgeGuard"]

logger = logging.getLogger(__name__)


class CollapseGuard:
    """Stop a run whose embeddings no longer differ between images.

    A resumed run goes on counting where it was cut; several processes stop together.

    Args:
        floor: smallest :func:`medssl.metrics.spread` of the queries that is well, in [0, 1].
        patience: looks in a row below the floor before the run is stopped.
        every: iterations between looks.
        task: key of the prediction; a run without it is not watched.
        part: which part of the prediction is watched, ``(..., E)``: ``query`` of a :class:`medssl.networks.Match` or
            :class:`medssl.networks.QueuedMatch`, ``target`` or ``student`` of a :class:`medssl.networks.Distilled`.
            Targets do not differ either if all are equally likely for every image.

    Raises:
        ValueError: if the floor is no share, or patience or every is below 1.
    """

    def __init__(
        self, floor: float, patience: int = 20, *, every: int = 10, task: str = "embedding", part: str = "query"
    ) -> None:
        if not 0 <= floor <= 1 or patience < 1 or every < 1:
            raise ValueError(
                f"CollapseGuard needs a floor in [0, 1], patience and every of 1 or more, got {floor:g}, {patience}, "
                f"{every}; a floor of 0 never stops."
            )
        self.floor = floor
        self.patience = patience
        self.every = every
        self.task = task
        self.part = part

    def attach(self, engine: Engine) -> None:
        """Look at every n-th iteration."""
        engine.state_dict_user_keys.append("looks_below")
        engine.state.looks_below = 0
        engine.add_event_handler(Events.ITERATION_COMPLETED(every=self.every), self)

    def __call__(self, engine: Engine) -> None:
        """Count looks below the floor, and stop the run when there are too many."""
        predictions = whole_output(engine.state.output)["pred"]
        if self.task not in predictions:
            return
        found = float(spread(getattr(predictions[self.task], self.part).detach().flatten(0, -2)))
        if idist.get_world_size() > 1:
            found = idist.all_reduce(found) / idist.get_world_size()
        state = engine.state
        state.looks_below = 0 if found >= self.floor else state.looks_below + 1
        if state.looks_below >= self.patience:
            logger.error(
                "iteration %d: embeddings collapsed, their spread %.4f has been below %g for %d looks; stopping. "
                "Start anew with a lower learning rate, a larger batch or another seed.",
                state.iteration, found, self.floor, state.looks_below,
            )  # fmt: skip
            engine.terminate()


class FiniteLoss:
    """Stop a run whose loss is not a number any more, before it spoils the weights.

    Args:
        loss: the loss function of the run; its ``parts``, if it has any, tell which term it is.
    """

    def __init__(self, loss: Callable[..., Any]) -> None:
        self.loss = loss

    def attach(self, engine: Engine) -> None:
        """Look between loss and backward pass; attach to a trainer of MONAI."""
        engine.add_event_handler(IterationEvents.LOSS_COMPLETED, self)

    def __call__(self, engine: Engine) -> None:
        """Look at the loss.

        Raises:
            FloatingPointError: if it is infinite or not a number.
        """
        whole = float(whole_output(engine.state.output)["loss"].detach())
        if math.isfinite(whole):
            return
        parts = {name: float(part) for name, part in getattr(self.loss, "parts", {}).items()}
        wrong = [f"{name} {value:g}" for name, value in parts.items() if not math.isfinite(value)]
        raise FloatingPointError(
            f"iteration {engine.state.iteration}: the loss is {whole:g} ({', '.join(wrong) or 'its only term'}); the "
            "weights are those before it. Lower learning_rate, set --amp False, or look for images with values that "
            "are no numbers."
        )


class JudgeGuard:
    """Warn when the discriminator wins for good, or cannot tell restored images from real ones.

    It wins when its mean answers lie far apart while the generator's term does not fall. Each episode is told once;
    a resumed run looks anew.

    Args:
        terms: gives the loss terms of an iteration, see :class:`medssl.handlers.LossTerms`.
        task: the generator's term among them; a run without it is not watched.
        window: iterations over which means are taken, 2 or more.
        wins: difference of mean answers above which the discriminator wins.
        blind: difference below which it cannot tell.
        fall: share by which the generator's term must fall from one half of the window to the next.

    Shape:
        ``output["judged"]`` holds the mean answers ``real`` and ``fake``, on a scale where real is 1 and made is 0.

    Raises:
        ValueError: if the window is too short, or blind is not below wins.
    """

    def __init__(
        self,
        terms: Callable[[Any], Mapping[str, float]],
        *,
        task: str = "realism",
        window: int = 200,
        wins: float = 0.9,
        blind: float = 0.05,
        fall: float = 0.05,
    ) -> None:
        if window < 2 or blind >= wins:
            raise ValueError(
                f"JudgeGuard needs a window of 2 or more and blind below wins, got {window}, {blind:g} and {wins:g}."
            )
        self.terms = terms
        self.task = task
        self.wins = wins
        self.blind = blind
        self.fall = fall
        self.gaps: deque[float] = deque(maxlen=window)
        self.generator: deque[float] = deque(maxlen=window)
        self.told = ""

    def attach(self, engine: Engine) -> None:
        """Look at every iteration."""
        engine.add_event_handler(Events.ITERATION_COMPLETED, self)

    def __call__(self, engine: Engine) -> None:
        """Add one iteration, and warn when something new is wrong."""
        output = whole_output(engine.state.output)
        if "judged" not in output:
            return
        self.gaps.append(float(output["judged"]["real"]) - float(output["judged"]["fake"]))
        self.generator.append(self.terms(output)[self.task])
        found = self.verdict() if len(self.gaps) == self.gaps.maxlen else ""
        if found and found != self.told:
            logger.warning(
                "iteration %d: the discriminator %s; its answers to real and restored images differ by %.3f, the "
                "generator's term is %.3f (means over %d iterations).",
                engine.state.iteration, found, fmean(self.gaps), fmean(self.generator), len(self.gaps),
            )  # fmt: skip
        self.told = found

    def verdict(self) -> str:
        """What is wrong, and what to do; nothing if all is well."""
        gap, values = fmean(self.gaps), list(self.generator)
        half = len(values) // 2
        falls = fmean(values[half:]) < (1 - self.fall) * fmean(values[:half])
        if gap > self.wins and not falls:
            return f"wins: lower its learning rate, or raise the weight of {self.task}"
        if gap < self.blind:
            return "cannot tell them apart: look at the strips; unless these look real, raise its learning rate"
        return ""
