"""What training makes small: tensors in, a scalar out."""

from medssl.losses.weighted import WeightedLoss

__all__ = ["WeightedLoss"]
