"""The convolutional decoder: feature maps to one map at the image's own size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from monai.networks.blocks import UpSample
from torch import Tensor, nn

from medssl.networks.blocks import convolution_pair
from medssl.networks.normalization import LayerWord

__all__ = ["ConvDecoder"]

UPSAMPLING: dict[str, dict[str, Any]] = {
    "deconv": {"mode": "deconv"},
    "nearest": {"mode": "nontrainable", "interp_mode": "nearest", "align_corners": None},
}


class ConvDecoder(nn.Module):
    """The expanding half of a U-Net: double the size, join the encoder's map of that size, convolve twice.

    Args:
        spatial_dims: 2 or 3.
        channels: of the encoder's maps, coarsest last (``encoder.channels``).
        skips: whether the encoder's finer maps are joined (up-sampled channels first); without them everything has
            to pass through the coarsest map, as in an auto-encoder.
        upsample: ``"deconv"``, a transposed convolution of kernel and stride 2 that keeps the channels, or
            ``"nearest"``, which learns nothing.
        norm: see :class:`ConvEncoder`.
        activation: see :class:`ConvEncoder`.
        dropout: see :class:`ConvEncoder`.

    Attributes:
        out_channels: of the map that comes out.

    Shape:
        Maps as :class:`ConvEncoder` gives them, each half the size of the one before; out
        ``(N, channels[0], *S)`` at the size of the first map.

    Raises:
        ValueError: if ``upsample`` is another word.

    Source:
        Haghighi et al., Semantic Genesis, MICCAI 2020, decoder of the 3D U-Net (transposed convolutions, skips); the
        auto-encoder of self-discovery (``"nearest"``, no skips; its published program has them, see
        docs/methods/semantic_genesis.md). Zhang et al., Self-supervised learning for medical image data with
        anatomy-oriented imaging planes, Medical Image Analysis 2024: transposed convolutions, skips, norm ``"none"``.
    """

    def __init__(
        self,
        spatial_dims: int,
        channels: Sequence[int],
        *,
        skips: bool = True,
        upsample: str = "deconv",
        norm: LayerWord = "running",
        activation: LayerWord = "relu",
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        if upsample not in UPSAMPLING:
            raise ValueError(f"ConvDecoder needs upsample to be one of {sorted(UPSAMPLING)}, got {upsample!r}.")
        self.spatial_dims = spatial_dims
        self.out_channels = channels[0]
        self.skips = skips
        steps = list(zip(channels[:0:-1], channels[-2::-1], strict=True))  # (coarser, finer), coarsest first
        self.ups = nn.ModuleList(
            UpSample(spatial_dims, coarser, coarser, **UPSAMPLING[upsample]) for coarser, _ in steps
        )
        self.levels = nn.ModuleList(
            convolution_pair(
                spatial_dims,
                (coarser + finer if skips else coarser, finer, finer),
                norm=norm,
                activation=activation,
                dropout=dropout,
            )
            for coarser, finer in steps
        )

    def forward(self, features: list[Tensor]) -> Tensor:
        result = features[-1]
        for step, (up, level) in enumerate(zip(self.ups, self.levels)):  # noqa: B905 (TorchScript knows no `strict`)
            result = up(result)
            if self.skips:
                result = torch.cat([result, features[-2 - step]], dim=1)
            result = level(result)
        return result
