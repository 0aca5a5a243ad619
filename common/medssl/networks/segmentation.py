"""A network that labels every voxel."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from medssl.networks.heads import MapHead

__all__ = ["SegmentationNetwork"]


class SegmentationNetwork(nn.Module):
    """Encoder and decoder, fine-tuned, under a new last layer.

    Args:
        encoder: gives a list of maps, coarsest last.
        decoder: makes one map of that list; has ``spatial_dims`` and ``out_channels``.
        num_classes: channels of the answer, background included.
        dropout: chance of zeroing a value before the last layer, in [0, 1).

    Shape:
        ``(N, C, *S)`` in, logits ``(N, num_classes, *S)`` out. State keys: ``encoder.``, ``decoder.``, ``label.``.

    Source:
        Haghighi et al., Semantic Genesis, MICCAI 2020, segmentation targets (there one channel and a sigmoid).
    """

    def __init__(self, encoder: nn.Module, decoder: nn.Module, *, num_classes: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder
        ends: Any = decoder
        self.label = MapHead(ends.spatial_dims, ends.out_channels, out_channels=num_classes, dropout=dropout)

    def forward(self, image: Tensor) -> Tensor:
        return self.label(self.decoder(self.encoder(image)))
