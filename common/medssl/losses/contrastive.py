"""Embeddings of one image alike, those of others apart."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import cosine_similarity, cross_entropy, normalize

__all__ = ["InfoNCE", "NegativeCosine"]


class InfoNCE(nn.Module):
    """How hard it is to find the key of a query among the keys of other images.

    Args:
        temperature: divides the similarities, > 0; the smaller, the more the hardest other images count.

    Shape:
        Queries and keys ``(N, E)``, of any length; other images' keys ``(E, Q)``, of unit length; a scalar out.

    Raises:
        ValueError: if the temperature is not above 0.

    Source:
        He et al., Momentum Contrast, CVPR 2020, equation 1.
    """

    def __init__(self, temperature: float = 0.2) -> None:
        super().__init__()
        if temperature <= 0:
            raise ValueError(f"InfoNCE needs a temperature above 0, got {temperature}.")
        self.temperature = temperature

    def logits(self, query: Tensor, key: Tensor, *, queue: Tensor) -> Tensor:
        """Similarities of each query with its own key, first, and with all others, ``(N, 1 + Q)``."""
        query, key = normalize(query, dim=1), normalize(key, dim=1)
        positive = (query * key).sum(dim=1, keepdim=True)  # (N, 1)
        return torch.cat([positive, query @ queue], dim=1) / self.temperature

    def forward(self, query: Tensor, key: Tensor, queue: Tensor) -> Tensor:
        logits = self.logits(query, key, queue=queue)
        return cross_entropy(logits, logits.new_zeros(len(logits), dtype=torch.long))


class NegativeCosine(nn.Module):
    """How far predictions point away from their targets: -1 where they agree, 1 where they are opposed.

    Shape:
        ``(N, E)`` and ``(N, E)``, of any length; a scalar out. The target passes gradients on unless it is detached.

    Source:
        Chen and He, SimSiam, CVPR 2021, equation 1.
    """

    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        return -cosine_similarity(prediction, target, dim=1).mean()
