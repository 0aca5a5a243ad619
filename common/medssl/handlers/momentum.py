"""What follows the network while it learns: a slow copy, and a queue of keys."""

from __future__ import annotations

from collections.abc import Callable

import torch
from ignite.engine import Engine, Events
from torch import Tensor, nn

from medssl.data import switch
from medssl.handlers.terms import whole_output
from medssl.networks import KeyQueue, gathered

__all__ = ["MomentumUpdate", "QueueKeys"]


class MomentumUpdate:
    """Let a copy of a network follow it slowly, at every iteration: ``target <- m * target + (1 - m) * source``.

    Parameters only; running statistics are the copy's own. Validation moves nothing. A source may have more
    parameters than its copy, such as a decoder.

    Args:
        source: what learns, not wrapped for several processes.
        target: the copy.
        momentum: share that stays as it is, in [0, 1], or a :class:`Curve` of it over iterations.
        after: follow after each step instead of before it.

    Raises:
        ValueError: if the momentum is no share, or the source lacks a parameter of the copy or has it in another shape;
            of a curve, when it leaves [0, 1].
        TypeError: if ``after`` is no truth value.

    Source:
        He et al., Momentum Contrast, CVPR 2020, equation 2; after the step, with a curve: Caron et al., DINO, ICCV
        2021, section 3.1.
    """

    def __init__(
        self,
        source: nn.Module,
        target: nn.Module,
        *,
        momentum: float | Callable[[int], float],
        after: bool = False,
    ) -> None:
        learnt = dict(source.named_parameters())
        copies = dict(target.named_parameters())
        alone = [name for name, copy in copies.items() if name not in learnt or learnt[name].shape != copy.shape]
        if alone or not copies:
            raise ValueError(
                f"MomentumUpdate needs the target's {len(copies)} parameters in the source too, {alone[:3]} are not "
                "there, or are of another shape; make the target as a copy of the source."
            )
        self.momentum = momentum
        self.share(0)
        self.after = switch(after, "after")
        self.sources: list[Tensor] = [learnt[name] for name in copies]
        self.targets: list[Tensor] = list(copies.values())

    def attach(self, engine: Engine) -> None:
        """Follow at every iteration; attach to the trainer."""
        engine.add_event_handler(Events.ITERATION_COMPLETED if self.after else Events.ITERATION_STARTED, self)

    def share(self, step: int) -> float:
        """Momentum at an iteration, counted from 0."""
        momentum = self.momentum(step) if callable(self.momentum) else self.momentum
        if not 0 <= momentum <= 1:
            raise ValueError(f"momentum is a share in [0, 1], got {momentum:g}.")
        return momentum

    @torch.no_grad()
    def __call__(self, engine: Engine) -> None:
        """Move all parameters at once."""
        momentum = self.share(engine.state.iteration - 1)
        torch._foreach_mul_(self.targets, momentum)
        torch._foreach_add_(self.targets, self.sources, alpha=1 - momentum)


class QueueKeys:
    """Put the keys of every iteration into the queue after it, those of all processes in the order of their ranks.

    Args:
        queue: the queue of the run, the same in every process.
        task: key of the prediction, a :class:`medssl.networks.QueuedMatch`.

    Source:
        He et al., Momentum Contrast, CVPR 2020, algorithm 1.
    """

    def __init__(self, queue: KeyQueue, *, task: str = "embedding") -> None:
        self.queue = queue
        self.task = task

    def attach(self, engine: Engine) -> None:
        """Write after every iteration; attach to the trainer."""
        engine.add_event_handler(Events.ITERATION_COMPLETED, self)

    def __call__(self, engine: Engine) -> None:
        """Write this iteration's keys."""
        self.queue.enqueue(gathered(whole_output(engine.state.output)["pred"][self.task].key))
