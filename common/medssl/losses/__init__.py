"""Tensors in, one scalar out."""

from medssl.losses.contrastive import InfoNCE, NegativeCosine
from medssl.losses.correspondence import CoarseCorrespondence, CorrespondenceLoss, FineCorrespondence
from medssl.losses.distillation import SoftCrossEntropy
from medssl.losses.known import KnownCrossEntropy, KnownMSE
from medssl.losses.redundancy import RedundancyReduction
from medssl.losses.weighted import WeightedLoss

__all__ = [
    "CoarseCorrespondence",
    "CorrespondenceLoss",
    "FineCorrespondence",
    "InfoNCE",
    "KnownCrossEntropy",
    "KnownMSE",
    "NegativeCosine",
    "RedundancyReduction",
    "SoftCrossEntropy",
    "WeightedLoss",
]
