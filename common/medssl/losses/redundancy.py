"""Embeddings of one image alike in each number, numbers unlike each other."""

from __future__ import annotations

from monai.losses import BarlowTwinsLoss
from torch import Tensor

__all__ = ["RedundancyReduction"]


class RedundancyReduction(BarlowTwinsLoss):
    """MONAI's ``BarlowTwinsLoss`` for one number of the embedding, on the mean.

    MONAI's is a sum over all of them, which for a thousand drowns whatever it is added to. A batch of one image has no
    correlations and counts as 0: the last batch of a validation may be one.

    Args:
        weight: of the correlations between different numbers, against those of each with itself.

    Shape:
        Two embeddings of each image, ``(N, E)`` and ``(N, E)``; a scalar out.

    Source:
        Zbontar et al., Barlow Twins, ICML 2021, equation 1.
    """

    def __init__(self, weight: float = 5e-3) -> None:
        super().__init__(lambd=weight)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:  # noqa: A002 (torch's own name)
        if len(input) < 2:
            return 0 * input.sum()
        return super().forward(input, target) / input.shape[1]
