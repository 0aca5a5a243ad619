"""Several losses added up by key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

__all__ = ["WeightedLoss"]


class WeightedLoss(nn.Module):
    """The weighted sum of one loss a task.

    Args:
        losses: by key, a loss that takes a prediction and its target. A prediction that is a tuple brings all that
            its loss takes, such as two embeddings that are to agree; it needs no target.
        weights: by the same keys, how much each counts, >= 0. A weight of 0 takes the term out: it is not
            computed, and its prediction need not be there.

    Attributes:
        parts: of the last call, by key, each term before its weight, detached.

    Shape:
        Two dictionaries by key in, predictions and targets; a scalar out.

    Raises:
        ValueError: if the keys differ, a weight is negative, or no term is left; when called, if a key is missing.

    Source:
        Haghighi et al., Semantic Genesis, MICCAI 2020: restoration 1, classification 0.01.
    """

    def __init__(self, losses: Mapping[str, nn.Module], weights: Mapping[str, float]) -> None:
        super().__init__()
        if set(losses) != set(weights):
            raise ValueError(
                f"WeightedLoss needs one weight a loss, got losses {sorted(losses)}, weights {sorted(weights)}."
            )
        if min(weights.values(), default=0.0) < 0 or not any(weights.values()):
            raise ValueError(f"WeightedLoss needs weights >= 0 and at least one above, got {dict(weights)}.")
        self.weights = {key: float(weight) for key, weight in weights.items() if weight}
        self.losses = nn.ModuleDict({key: losses[key] for key in self.weights})
        self.parts: dict[str, Tensor] = {}

    def forward(self, predictions: Mapping[str, Any], targets: Mapping[str, Tensor]) -> Tensor:
        given = {key: _arguments(predictions.get(key), targets.get(key)) for key in self.weights}
        missing = [key for key, arguments in given.items() if any(value is None for value in arguments)]
        if missing:
            raise ValueError(
                f"WeightedLoss needs a prediction and a target for {missing}, got predictions {sorted(predictions)} "
                f"and targets {sorted(targets)}; give the term weight 0 to do without it."
            )
        terms = {key: loss(*given[key]) for key, loss in self.losses.items()}
        self.parts = {key: term.detach() for key, term in terms.items()}
        return torch.stack([self.weights[key] * term for key, term in terms.items()]).sum()


def _arguments(prediction: Any, target: Tensor | None) -> tuple[Any, ...]:
    return prediction if isinstance(prediction, tuple) else (prediction, target)
