"""What follows the network while it learns: a slow copy, and a queue of keys."""

from __future__ import annotations

import torch
from ignite.engine import Engine, Events
from torch import Tensor, nn

from medssl.handlers.terms import whole_output
from medssl.networks import KeyQueue, gathered

__all__ = ["MomentumUpdate", "QueueKeys"]


class MomentumUpdate:
    """Let a copy of a network follow it slowly, before every iteration: ``target <- m * target + (1 - m) * source``.

    Parameters only; running statistics are the copy's own. Validation moves nothing. A source may have more
    parameters than its copy, such as a decoder.

    Args:
        source: what learns, not wrapped for several processes.
        target: the copy.
        momentum: share that stays as it is, in [0, 1].

    Raises:
        ValueError: if the momentum is no share, or the source lacks a parameter of the copy or has it in another shape.

    Source:
        He et al., Momentum Contrast, CVPR 2020, equation 2.
    """

    def __init__(self, source: nn.Module, target: nn.Module, *, momentum: float) -> None:
        if not 0 <= momentum <= 1:
            raise ValueError(f"momentum is a share in [0, 1], got {momentum:g}.")
        learnt = dict(source.named_parameters())
        copies = dict(target.named_parameters())
        alone = [name for name, copy in copies.items() if name not in learnt or learnt[name].shape != copy.shape]
        if alone or not copies:
            raise ValueError(
                f"MomentumUpdate needs the target's {len(copies)} parameters in the source too, {alone[:3]} are not "
                "there, or are of another shape; make the target as a copy of the source."
            )
        self.momentum = momentum
        self.sources: list[Tensor] = [learnt[name] for name in copies]
        self.targets: list[Tensor] = list(copies.values())

    def attach(self, engine: Engine) -> None:
        """Follow before every iteration; attach to the trainer."""
        engine.add_event_handler(Events.ITERATION_STARTED, self)

    @torch.no_grad()
    def __call__(self, engine: Engine) -> None:
        """Move all parameters at once."""
        torch._foreach_mul_(self.targets, self.momentum)
        torch._foreach_add_(self.targets, self.sources, alpha=1 - self.momentum)


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
