"""Running means of what a teacher says."""

from __future__ import annotations

from typing import Any

import ignite.distributed as idist
import torch
from ignite.engine import Engine, Events
from torch import Tensor, nn

from medssl.handlers.terms import whole_output

__all__ = ["CentreUpdate"]


class CentreUpdate:
    """Let a centre follow the mean of a teacher's logits, after every training iteration; validation moves nothing.

    The mean is over all images, views, places and processes, however many each process has.

    Args:
        target: has the buffer ``centre``, ``(K,)``, see :class:`medssl.networks.CentredTargets`.
        task: key of the logits among ``output["pred"]["teacher"]``; a run without it moves nothing.
        momentum: share of the centre that stays as it is, in [0, 1].

    Shape:
        Logits ``(..., K)``. Attach to a trainer that does not decollate its outputs.

    Raises:
        ValueError: if the momentum is no share.

    Source:
        Caron et al., DINO, ICCV 2021, equation 4.
    """

    def __init__(self, target: nn.Module, task: str = "embedding", *, momentum: float = 0.9) -> None:
        if not 0 <= momentum <= 1:
            raise ValueError(f"momentum is a share in [0, 1], got {momentum:g}.")
        self.target: Any = target
        self.task = task
        self.momentum = momentum

    def attach(self, engine: Engine) -> None:
        """Follow after every iteration; attach to the trainer."""
        engine.add_event_handler(Events.ITERATION_COMPLETED, self)

    @torch.no_grad()
    def __call__(self, engine: Engine) -> None:
        """Move the centre by one iteration."""
        told = whole_output(engine.state.output)["pred"].get("teacher", {})
        if self.task in told:
            rows = told[self.task].detach().flatten(0, -2).float()  # sums and counts are wrong in bfloat16
            self.target.centre.lerp_(_mean_of_processes(rows).to(self.target.centre), 1 - self.momentum)


def _mean_of_processes(rows: Tensor) -> Tensor:
    sums = torch.cat([rows.sum(dim=0), rows.new_tensor([len(rows)])])
    sums = idist.all_reduce(sums) if idist.get_world_size() > 1 else sums
    return sums[:-1] / sums[-1]
