"""The block that encoder and decoder are made of."""

from __future__ import annotations

from itertools import pairwise

from monai.networks.blocks import Convolution
from torch import nn

from medssl.networks.normalization import LayerWord, normalization

__all__ = ["convolution_pair"]


def convolution_pair(
    spatial_dims: int, channels: tuple[int, int, int], *, norm: LayerWord, activation: LayerWord, dropout: float
) -> nn.Sequential:
    """Two convolutions of kernel 3, each followed by normalisation, dropout and activation; sizes stay.

    Args:
        spatial_dims: 2 or 3.
        channels: of the input, between the two, and of the output.
        norm: a word of :func:`medssl.networks.normalization`.
        activation: a word of MONAI's ``Act`` factory.
        dropout: chance of zeroing a value, in [0, 1).
    """
    return nn.Sequential(
        *(
            Convolution(
                spatial_dims,
                before,
                after,
                act=activation,
                norm=normalization(norm),
                dropout=dropout or None,
            )
            for before, after in pairwise(channels)
        )
    )
