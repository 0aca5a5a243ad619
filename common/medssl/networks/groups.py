"""Which parameters learn how fast."""

from __future__ import annotations

from typing import Any

from torch import nn

__all__ = ["parameter_groups"]


def parameter_groups(network: nn.Module, *, learning_rate: float, encoder_learning_rate: float) -> list[dict[str, Any]]:
    """Two groups for an optimiser: a pre-trained encoder, and all that learns from scratch.

    Args:
        network: anything with an ``encoder``.
        learning_rate: of everything but the encoder.
        encoder_learning_rate: of the encoder.

    Raises:
        ValueError: if the network has no encoder.
    """
    if not isinstance(getattr(network, "encoder", None), nn.Module):
        raise ValueError(f"two learning rates need a network with an `encoder`, got {type(network).__name__}.")
    encoder = list(network.encoder.parameters())  # type: ignore[union-attr]  # checked above
    inside = {id(parameter) for parameter in encoder}
    rest = [parameter for parameter in network.parameters() if id(parameter) not in inside]
    return [{"params": rest, "lr": learning_rate}, {"params": encoder, "lr": encoder_learning_rate}]
