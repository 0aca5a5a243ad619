"""Tensors in, one scalar out."""

from medssl.losses.contrastive import InfoNCE, NegativeCosine
from medssl.losses.redundancy import RedundancyReduction
from medssl.losses.weighted import WeightedLoss

__all__ = ["InfoNCE", "NegativeCosine", "RedundancyReduction", "WeightedLoss"]
