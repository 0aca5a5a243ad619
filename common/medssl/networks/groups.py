"""Which parameters learn how fast."""

from __future__ import annotations

from typing import Any

from torch import nn

__all__ = ["decay_groups", "parameter_groups"]


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


def decay_groups(network: nn.Module, *, weight_decay: float) -> list[dict[str, Any]]:
    """Two groups for an optimiser: what weight decay pulls to 0, and what it must not: biases, norms, all single axes.

    Args:
        network: what is trained; parameters that are frozen now are in neither group.
        weight_decay: of the first group.

    Raises:
        ValueError: if nothing is to be trained.

    Source:
        Caron et al., DINO, ICCV 2021, implementation; Jiang et al., Alice, ICCV 2023.
    """
    trained = [parameter for parameter in network.parameters() if parameter.requires_grad]
    if not trained:
        raise ValueError(f"weight decay needs parameters that are trained; all of {type(network).__name__} are frozen.")
    decayed = [parameter for parameter in trained if parameter.ndim > 1]
    rest = [parameter for parameter in trained if parameter.ndim <= 1]
    return [{"params": decayed, "weight_decay": weight_decay}, {"params": rest, "weight_decay": 0.0}]
