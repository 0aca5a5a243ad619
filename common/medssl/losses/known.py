"""Losses over those targets that are known."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

__all__ = ["KnownCrossEntropy", "KnownMSE"]


class KnownMSE(nn.Module):
    """Mean squared error over all targets that are not NaN; 0, with a gradient of 0, if none is known.

    Shape:
        Two tensors of one shape; a scalar out.

    Source:
        Zhang et al., Self-supervised learning for medical image data with anatomy-oriented imaging planes, Medical
        Image Analysis 2024 (mean squared error for lines and locations); leaving out what is unknown is ours.
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:  # noqa: A002 (torch's own name)
        known = ~target.isnan()
        error = torch.where(known, input - target, 0)
        return error.square().sum() / known.sum().clamp(min=1)


class KnownCrossEntropy(nn.Module):
    """Mean cross entropy over all targets that are not -100; 0, with a gradient of 0, if none is known.

    Shape:
        Logits ``(N, K, *S)`` and whole numbers ``(N, *S)``; a scalar out.

    Source:
        Bai et al., Self-supervised learning for cardiac MR image segmentation by anatomical position prediction,
        MICCAI 2019; torch's own mean is not a number where nothing is known.
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:  # noqa: A002 (torch's own name)
        known = target != -100
        return cross_entropy(input, target, reduction="sum") / known.sum().clamp(min=1)
