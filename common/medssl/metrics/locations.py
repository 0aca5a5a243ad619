"""How far predicted slice locations are off."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from ignite.metrics import Metric
from ignite.metrics.metric import reinit__is_reduced, sync_all_reduce
from torch import Tensor

__all__ = ["LocationError"]


class LocationError(Metric):
    """Mean absolute error of predicted slice locations, over all that are known.

    Args:
        mm: whether to measure in mm along the stack instead of as a share of it.
        output_transform: gives from an engine's output a dictionary of ``answer``, ``location`` and ``stack_mm``, as
            :class:`medssl.engines.LocationOutput` does.

    Shape:
        ``(N, 1)`` each, NaN where ``location`` or ``stack_mm`` is unknown. The mean is not a number if all are.
    """

    required_output_keys = ("answer", "location", "stack_mm")

    def __init__(self, mm: bool = False, *, output_transform: Callable[[Any], Mapping[str, Tensor]]) -> None:
        self.mm = mm
        super().__init__(output_transform=output_transform)

    @reinit__is_reduced
    def reset(self) -> None:
        self.sums = torch.zeros(2, dtype=torch.float64)  # errors, slices

    @reinit__is_reduced
    def update(self, output: tuple[Tensor, Tensor, Tensor]) -> None:
        answer, location, length = (each.detach().cpu().double().reshape(-1) for each in output)
        unit = length if self.mm else torch.ones_like(length)
        known = ~(location * unit).isnan()
        self.sums += torch.stack([((answer - location).abs() * unit)[known].sum(), known.sum()])

    @sync_all_reduce("sums")
    def compute(self) -> float:
        return float(self.sums[0] / self.sums[1])
