"""Networks that label every voxel."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from medssl.networks.heads import MapHead

__all__ = ["DeepSegmentation", "SegmentationNetwork"]


class SegmentationNetwork(nn.Module):
    """Encoder and decoder, fine-tuned, under a new last layer.

    Args:
        encoder: gives a list of maps, coarsest last.
        decoder: makes one map of that list; has ``spatial_dims``, ``out_channels``, and ``scale`` where the image is
            finer than that map.
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
        self.label = _label(decoder, ends.out_channels, num_classes=num_classes, dropout=dropout)

    def forward(self, image: Tensor) -> Tensor:
        return self.label(self.decoder(self.encoder(image)))


class DeepSegmentation(nn.Module):
    """A segmentation network whose decoder's coarser maps are labelled too while it trains.

    Args:
        network: taken apart; its decoder has ``maps(features)``, coarse to fine, and ``map_channels``.
        levels: how many of the finest maps are labelled.

    Shape:
        ``(N, C, *S)`` in. In training a list of ``levels`` logits, finest first: ``(N, num_classes, *S)`` and coarser
        ones; in evaluation the finest. State keys: those of the network, and ``deep.``.

    Raises:
        ValueError: if the decoder makes fewer maps.

    Source:
        Zhou et al., nnFormer, IEEE TIP 2023, deep supervision on three grids.
    """

    def __init__(self, network: SegmentationNetwork, *, levels: int = 3) -> None:
        super().__init__()
        self.encoder = network.encoder
        self.decoder: Any = network.decoder
        self.label = network.label
        channels = getattr(self.decoder, "map_channels", ())
        if not 0 < levels <= len(channels):
            raise ValueError(
                f"DeepSegmentation needs a decoder that makes {levels} maps or more, got {type(self.decoder).__name__} "
                f"with {len(channels)}; take fewer levels, or the network without this part."
            )
        head: Any = network.label
        words: dict[str, Any] = {"num_classes": head.conv.out_channels, "dropout": head.dropout.p}
        self.deep = nn.ModuleList(_label(self.decoder, size, **words) for size in channels[-2 : -levels - 1 : -1])

    def forward(self, image: Tensor) -> Tensor | list[Tensor]:
        maps = self.decoder.maps(self.encoder(image))
        finest = self.label(maps[-1])
        if not self.training:
            return finest
        return [finest, *(head(coarser) for head, coarser in zip(self.deep, maps[-2::-1], strict=False))]


def _label(decoder: Any, in_channels: int, *, num_classes: int, dropout: float) -> MapHead:
    scale = getattr(decoder, "scale", 1)
    return MapHead(decoder.spatial_dims, in_channels, out_channels=num_classes, dropout=dropout, scale=scale)
