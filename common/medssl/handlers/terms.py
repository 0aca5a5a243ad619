"""Loss terms of a training iteration, in the form that bars, logs and histories ask for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

__all__ = ["LossTerms"]


class LossTerms:
    """Whole loss and its parts of the iteration just done, as plain numbers.

    Args:
        loss: the loss function of the run; its ``parts``, if it has any, are listed beside the whole.

    Raises:
        ValueError: if the engine's output holds no scalar ``loss``.
    """

    def __init__(self, loss: Callable[..., Tensor]) -> None:
        self.loss = loss

    def __call__(self, output: Mapping[str, Any] | list[Mapping[str, Any]]) -> dict[str, float]:
        """Read the loss from an engine's output, decollated or not."""
        first = output[0] if isinstance(output, list) else output
        if "loss" not in first:
            raise ValueError(f"the engine's output needs a scalar 'loss', got {sorted(map(str, first))}.")
        parts: Mapping[str, Tensor] = getattr(self.loss, "parts", {})
        named = {name: float(part.detach()) for name, part in parts.items()} if len(parts) > 1 else {}
        return {"loss": float(torch.as_tensor(first["loss"]).detach()), **named}
