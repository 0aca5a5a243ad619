"""Which parameters learn, and when."""

from __future__ import annotations

import logging

from ignite.engine import Engine, Events
from torch import nn

__all__ = ["FreezeEncoder"]

logger = logging.getLogger(__name__)


class FreezeEncoder:
    """Keep the encoder's parameters as they are for the first epochs, so that a fresh head does not spoil them.

    Args:
        network: anything with an ``encoder``.
        epochs: epochs without learning in the encoder; 0 means none.

    Raises:
        ValueError: if the network has no encoder.
    """

    def __init__(self, network: nn.Module, epochs: int) -> None:
        if not isinstance(getattr(network, "encoder", None), nn.Module):
            raise ValueError(f"FreezeEncoder needs a network with an `encoder`, got {type(network).__name__}.")
        self.encoder: nn.Module = network.encoder  # type: ignore[assignment]  # checked above
        self.epochs = epochs

    def attach(self, engine: Engine) -> None:
        """Decide at the start of each epoch."""
        engine.add_event_handler(Events.EPOCH_STARTED, self)

    def __call__(self, engine: Engine) -> None:
        """Freeze or release."""
        frozen = engine.state.epoch <= self.epochs
        if engine.state.epoch in (1, self.epochs + 1) and self.epochs > 0:
            logger.info("epoch %d: encoder %s.", engine.state.epoch, "frozen" if frozen else "released")
        self.encoder.requires_grad_(not frozen)
