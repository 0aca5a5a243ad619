"""Evaluation in which the loss is measured too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from monai.engines import SupervisedEvaluator
from monai.utils import CommonKeys
from torch import Tensor

__all__ = ["LossEvaluator"]


class LossEvaluator(SupervisedEvaluator):
    """MONAI's evaluator, with the training loss and its terms added to the output.

    Args:
        loss_function: called as in training, with predictions and targets; its ``parts``,
            if it has any, become ``terms``.
        kwargs: everything that :class:`monai.engines.SupervisedEvaluator` takes.
    """

    def __init__(self, *, loss_function: Callable[..., Tensor], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.loss_function = loss_function

    def _iteration(self, engine: Any, batchdata: dict[str, Tensor]) -> dict:
        output = super()._iteration(engine, batchdata)
        with torch.no_grad():
            output[CommonKeys.LOSS] = self.loss_function(output[CommonKeys.PRED], output[CommonKeys.LABEL])
        output["terms"] = dict(getattr(self.loss_function, "parts", {}))
        return output
