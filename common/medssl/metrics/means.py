"""Averages over images."""

from __future__ import annotations

from typing import Any

import torch
from ignite.metrics import Metric
from ignite.metrics.metric import reinit__is_reduced, sync_all_reduce
from torch import Tensor

__all__ = ["ImageMean"]


class ImageMean(Metric):
    """Mean of a loss term over all images of an evaluation, however they were batched and dealt out to processes.

    ignite's own average of single numbers counts batches, so that a smaller last batch weighs too much.

    Args:
        term: key of the term in ``output["terms"]``; "loss" is the whole loss.

    Shape:
        ``output["image"]`` is ``(N, C, *S)``, the term is a scalar: the mean over those images.
    """

    def __init__(self, term: str = "loss") -> None:
        self.term = term
        super().__init__(output_transform=self.pick)

    @reinit__is_reduced
    def reset(self) -> None:
        self.total = torch.zeros((), dtype=torch.float64, device=self._device)
        self.images = torch.zeros((), dtype=torch.float64, device=self._device)

    def pick(self, output: dict[str, Any]) -> tuple[Tensor, int]:
        """Take the term and the number of images out of an engine's output."""
        return output["loss"] if self.term == "loss" else output["terms"][self.term], len(output["image"])

    @reinit__is_reduced
    def update(self, output: tuple[Tensor, int]) -> None:
        value, images = output
        self.total += value.detach().to(self.total) * images
        self.images += images

    @sync_all_reduce("total", "images")
    def compute(self) -> float:
        return float(self.total / self.images)
