"""How much embeddings differ between images."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import normalize

__all__ = ["effective_rank", "mean_similarities", "spread"]

ROUNDING = 1e-6  # of the components of a unit vector in float32


def spread(embeddings: Tensor) -> Tensor:
    """How far unit embeddings lie from their mean: 0 if all point the same way, nearly 1 if they point everywhere.

    Args:
        embeddings: of any length above 0.

    Shape:
        ``(N, E)`` in, a scalar out.

    Source:
        Chen and He, Exploring Simple Siamese Representation Learning, CVPR 2021, section 4.1 (standard deviation of
        unit outputs, there a mean over the components).
    """
    return normalize(embeddings, dim=1).var(dim=0, correction=0).sum().sqrt()


def effective_rank(embeddings: Tensor) -> float:
    """Number of directions that unit embeddings use around their mean: 0 if they do not differ, at most ``N - 1``.

    Args:
        embeddings: of any length above 0.

    Shape:
        ``(N, E)``.

    Source:
        Roy and Vetterli, The effective rank: a measure of effective dimensionality, EUSIPCO 2007, definition 1.
    """
    unit = normalize(embeddings.detach().cpu().double(), dim=1)
    centred = unit - unit.mean(dim=0)
    short = centred @ centred.T if len(centred) < centred.shape[1] else centred.T @ centred
    singular = torch.linalg.eigvalsh(short).clamp(min=0).sqrt()
    shares = singular[singular > ROUNDING * len(unit) ** 0.5]
    if not len(shares):
        return 0.0
    shares = shares / shares.sum()
    return float(torch.exp(-(shares * shares.log()).sum()))


def mean_similarities(query: Tensor, key: Tensor, *, queue: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Mean cosine of queries with their own keys, and with all others.

    Args:
        query: one embedding an image.
        key: what each should match.
        queue: keys of other images, of unit length; without it the others are the batch's other keys.

    Shape:
        ``(N, E)``, ``(N, E)``, ``(E, Q)`` in, two scalars out; a single image without a queue has no others, and no
        number for them.
    """
    query, key = normalize(query, dim=1), normalize(key, dim=1)
    positive = (query * key).sum(dim=1).mean()
    if queue is not None:
        return positive, query.mean(dim=0) @ queue.mean(dim=1)
    every = query.sum(dim=0) @ key.sum(dim=0)  # all pairs at once, the own ones among them
    return positive, (every - positive * len(query)) / (len(query) * (len(query) - 1))
