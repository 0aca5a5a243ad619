"""How much of an image a restoration explains."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from ignite.metrics import Metric
from ignite.metrics.metric import reinit__is_reduced, sync_all_reduce
from torch import Tensor

__all__ = ["UnexplainedVariance"]


class UnexplainedVariance(Metric):
    """Squared error of predictions as a share of the error of the best constant: 0 is perfect, 1 has learnt nothing.

    A falling mean squared error alone does not tell whether a network does better than answering one grey value.

    Args:
        output_transform: gives prediction and target from an engine's output.

    Shape:
        Prediction and target are alike, of any shape.
    """

    def __init__(self, output_transform: Callable[[Any], tuple[Tensor, Tensor]]) -> None:
        super().__init__(output_transform=output_transform)

    @reinit__is_reduced
    def reset(self) -> None:
        self.sums = torch.zeros(4, dtype=torch.float64, device=self._device)  # values, error, target, squared target

    @reinit__is_reduced
    def update(self, output: tuple[Tensor, Tensor]) -> None:
        prediction, target = (value.detach().double() for value in output)
        error = (prediction - target).square().sum()
        count = torch.full_like(error, target.numel())
        self.sums += torch.stack([count, error, target.sum(), target.square().sum()]).to(self.sums)

    @sync_all_reduce("sums")
    def compute(self) -> float:
        count, error, total, squares = self.sums.tolist()
        return error / max(squares - total**2 / count, 1e-12)
