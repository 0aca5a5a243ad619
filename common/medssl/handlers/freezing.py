"""Which parameters learn, and when."""

from __future__ import annotations

import logging
from typing import Any

from ignite.engine import Engine, Events
from torch import nn
from torch.optim import Optimizer

__all__ = ["FreezeEncoder"]

logger = logging.getLogger(__name__)


class FreezeEncoder:
    """Keep the encoder as it is for the first epochs, so that a fresh head does not spoil it.

    Its parameters get no step and its running statistics do not move. Gradients are still computed, because several
    processes need to agree on which parameters have one.

    Args:
        network: anything with an ``encoder``.
        optimizer: the optimiser of its parameters.
        epochs: epochs without learning in the encoder; 0 means none.

    Raises:
        ValueError: if the network has no encoder.
    """

    def __init__(self, network: nn.Module, optimizer: Optimizer, *, epochs: int) -> None:
        if not isinstance(getattr(network, "encoder", None), nn.Module):
            raise ValueError(f"FreezeEncoder needs a network with an `encoder`, got {type(network).__name__}.")
        self.encoder: nn.Module = network.encoder  # type: ignore[assignment]  # checked above
        self.epochs = epochs
        self.frozen = False
        optimizer.register_step_pre_hook(self.drop_gradients)
        self.encoder.register_forward_pre_hook(self.rest)

    def attach(self, engine: Engine) -> None:
        """Decide at the start of each epoch."""
        engine.add_event_handler(Events.EPOCH_STARTED, self)

    def __call__(self, engine: Engine) -> None:
        """Freeze or release."""
        self.frozen = engine.state.epoch <= self.epochs
        if engine.state.epoch in (1, self.epochs + 1) and self.epochs > 0:
            logger.info("epoch %d: encoder %s.", engine.state.epoch, "frozen" if self.frozen else "released")

    def drop_gradients(self, optimizer: Optimizer, *step: Any) -> None:
        """Take the encoder out of a step."""
        if self.frozen:
            self.encoder.zero_grad(set_to_none=True)

    def rest(self, encoder: nn.Module, args: Any) -> None:
        """Let a frozen encoder work as in evaluation."""
        if self.frozen:
            encoder.eval()
