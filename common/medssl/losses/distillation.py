"""What one network says, as a target for another."""

from __future__ import annotations

from torch import Tensor, nn

__all__ = ["SoftCrossEntropy"]


class SoftCrossEntropy(nn.Module):
    """How surprising probabilities are to someone who has given logits; least, but not 0, where both say the same.

    Args:
        temperature: divides the logits, > 0.

    Shape:
        Logits and probabilities ``(..., K)``; a scalar out, the mean over all that stands before ``K``.

    Raises:
        ValueError: if the temperature is not above 0.

    Source:
        Caron et al., DINO, ICCV 2021, equation 2; Jiang et al., Alice, ICCV 2023: temperature 0.1.
    """

    def __init__(self, temperature: float = 0.1) -> None:
        super().__init__()
        if temperature <= 0:
            raise ValueError(f"SoftCrossEntropy needs a temperature above 0, got {temperature:g}.")
        self.temperature = temperature

    def forward(self, student: Tensor, target: Tensor) -> Tensor:
        return -(target * (student.float() / self.temperature).log_softmax(dim=-1)).sum(dim=-1).mean()
