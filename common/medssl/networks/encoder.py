"""The convolutional encoder: images to feature maps."""

from __future__ import annotations

from monai.networks.layers.factories import Pool
from torch import Tensor, nn

from medssl.networks.blocks import convolution_pair
from medssl.networks.normalization import LayerWord

__all__ = ["ConvEncoder"]


class ConvEncoder(nn.Module):
    """The contracting half of a U-Net: two convolutions a level, max-pooling between levels.

    Level ``d`` widens to ``2 * width * 2**d`` channels, half of the way in its first convolution. The map of every
    level is returned as it is before pooling, so that a decoder may use it.

    Args:
        spatial_dims: 2 or 3.
        in_channels: channels of the image.
        width: half the channels of the finest map.
        levels: number of maps; there are ``levels - 1`` poolings.
        norm: ``"running"``, ``"batch"`` or ``"instance"``, see :func:`medssl.networks.normalization`.
        activation: a word of MONAI's ``Act`` factory, such as ``"relu"``, ``"prelu"``, ``"elu"``.
        dropout: chance of zeroing a value after each normalisation, in [0, 1).
        gradual: whether the first convolution of a level goes half of the way; otherwise it widens to all the
            level's channels. The maps' channels are the same.

    Attributes:
        channels: of each map, coarsest last.

    Shape:
        ``(N, C, *S)`` in, every axis of ``S`` a multiple of ``2**(levels - 1)``; out a list of ``levels`` maps
        ``(N, channels[d], *(S / 2**d))``, coarsest last.

    Raises:
        ValueError: if the images have other axes, other channels, or a size that cannot be halved that often.

    Source:
        Zhou et al., Models Genesis, Medical Image Analysis 2021; Haghighi et al., Semantic Genesis, MICCAI 2020:
        encoder of the 3D U-Net, width 32, 4 levels. Zhang et al., Self-supervised learning for medical image data
        with anatomy-oriented imaging planes, Medical Image Analysis 2024: 2D, width 32, 5 levels, not ``gradual``.
    """

    def __init__(
        self,
        spatial_dims: int,
        in_channels: int,
        *,
        width: int,
        levels: int = 4,
        norm: LayerWord = "running",
        activation: LayerWord = "relu",
        dropout: float = 0.0,
        gradual: bool = True,
    ) -> None:
        super().__init__()
        self.spatial_dims = spatial_dims
        self.in_channels = in_channels
        self.channels = tuple(2 * width * 2**depth for depth in range(levels))
        self.step = 2 ** (levels - 1)
        self.pool = Pool[Pool.MAX, spatial_dims](2)
        self.levels = nn.ModuleList(
            convolution_pair(
                spatial_dims,
                (before, after // 2 if gradual else after, after),
                norm=norm,
                activation=activation,
                dropout=dropout,
            )
            for before, after in zip((in_channels, *self.channels[:-1]), self.channels, strict=True)
        )

    def forward(self, image: Tensor) -> list[Tensor]:
        self._check(list(image.shape))
        features: list[Tensor] = []
        for depth, level in enumerate(self.levels):
            features.append(level(image if depth == 0 else self.pool(features[-1])))
        return features

    def _check(self, shape: list[int]) -> None:
        fits = len(shape) == 2 + self.spatial_dims and shape[1] == self.in_channels
        for size in shape[2:]:
            fits = fits and size > 0 and size % self.step == 0
        if not fits:
            raise ValueError(
                f"ConvEncoder needs images (N, {self.in_channels}, *S) with {self.spatial_dims} spatial axes, each a "
                f"multiple of {self.step}, got {shape}; crop or pad before it, for example with "
                f"DivisiblePadd(k={self.step})."
            )
