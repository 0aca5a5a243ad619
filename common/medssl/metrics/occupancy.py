"""How many of the classes are ever the answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from ignite.metrics import Metric
from ignite.metrics.metric import reinit__is_reduced, sync_all_reduce
from torch import Tensor

__all__ = ["ClassOccupancy"]


class ClassOccupancy(Metric):
    """Share of the classes that are the answer for at least one image: ``1 / C`` if all images get the same one.

    Accuracy alone does not tell a network that confuses neighbours from one that names a few classes for everything.

    Args:
        num_classes: classes that there are, C.
        output_transform: gives prediction and target from an engine's output; only the prediction counts.

    Shape:
        Prediction ``(N, C)``: scores of the classes.
    """

    def __init__(self, num_classes: int, *, output_transform: Callable[[Any], tuple[Tensor, Tensor]]) -> None:
        self.num_classes = num_classes
        super().__init__(output_transform=output_transform)

    @reinit__is_reduced
    def reset(self) -> None:
        self.answers = torch.zeros(self.num_classes, dtype=torch.int64, device=self._device)

    @reinit__is_reduced
    def update(self, output: tuple[Tensor, Tensor]) -> None:
        answers = output[0].detach().argmax(dim=1)
        self.answers += torch.bincount(answers, minlength=self.num_classes).to(self.answers)

    @sync_all_reduce("answers")
    def compute(self) -> float:
        return float((self.answers > 0).double().mean())
