"""The up-sampling decoder: a residual encoder's maps to one map at the image's own size."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from monai.networks.nets.flexible_unet import UNetDecoder
from torch import Tensor, nn

from medssl.networks.normalization import LayerWord, normalization

__all__ = ["UpsamplingDecoder"]


class UpsamplingDecoder(UNetDecoder):
    """The decoder of MONAI's ``FlexibleUNet``: double the size by repeating, join the encoder's map, convolve twice.

    Args:
        spatial_dims: 2 or 3.
        channels: of the encoder's maps, coarsest last (``encoder.channels``), the finest at half the image's size.
        decoder_channels: after each step, coarsest first; as many as there are maps.
        norm: a word of :func:`medssl.networks.normalization`.
        activation: a word of MONAI's ``Act`` factory.
        dropout: chance of zeroing a value after each normalisation, in [0, 1).

    Attributes:
        out_channels: of the map that comes out.

    Shape:
        Maps as :class:`ResidualEncoder` gives them for images whose sides are multiples of 32; out
        ``(N, decoder_channels[-1], *S)`` at twice the size of the first map.

    Raises:
        ValueError: if the number of steps is not the number of maps, or a map is not half as large as the one before.

    Source:
        Haghighi et al., DiRA, CVPR 2022: decoder of the 2D U-Net, channels 256, 128, 64, 32, 16. MONAI joins
        (skip, up-sampled), the published files (up-sampled, skip); converters turn the weights.
    """

    def __init__(
        self,
        spatial_dims: int,
        channels: Sequence[int],
        *,
        decoder_channels: Sequence[int],
        norm: LayerWord = "running",
        activation: LayerWord = "relu",
        dropout: float = 0.0,
    ) -> None:
        if len(decoder_channels) != len(channels):
            raise ValueError(
                f"UpsamplingDecoder needs {len(channels)} decoder_channels, one a map, got {list(decoder_channels)}."
            )
        fixed = {"bias": False, "pre_conv": None, "interp_mode": "nearest", "align_corners": None, "is_pad": False}
        super().__init__(
            spatial_dims,
            (0, *channels),
            tuple(decoder_channels),
            act=activation,
            norm=normalization(norm),
            dropout=dropout,
            upsample="nontrainable",
            **fixed,
        )
        self.spatial_dims = spatial_dims
        self.out_channels = decoder_channels[-1]
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.Conv3d):
                nn.init.kaiming_uniform_(module.weight, mode="fan_in", nonlinearity="relu")

    def forward(self, features: list[Tensor]) -> Tensor:
        result = features[-1]
        for step, block in enumerate(self.blocks):
            result = block.upsample(result)
            if step + 1 < len(features):
                skip = features[-2 - step]
                if skip.shape[2:] != result.shape[2:]:
                    raise ValueError(
                        f"UpsamplingDecoder needs maps that double in size, got {list(skip.shape[2:])} beside "
                        f"{list(result.shape[2:])}; make the image's sides multiples of {2 ** len(features)}."
                    )
                result = torch.cat([skip, result], dim=1)
            result = block.convs(result)
        return result
