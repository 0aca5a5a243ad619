"""MONAI's SwinUNETR in two parts: an encoder that gives a list of maps, and a decoder that takes it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from monai.networks.blocks import UnetrBasicBlock, UnetrUpBlock
from monai.networks.nets.swin_unetr import SwinTransformer
from torch import Tensor, nn

from medssl.networks.normalization import LayerWord, normalization

__all__ = ["SwinDecoder", "SwinEncoder"]

UNSCALED = ("instance", {"affine": False})  # what MONAI's SwinUNETR has


class SwinEncoder(SwinTransformer):
    """The encoder of MONAI's SwinUNETR: the same tensors, under the names after its ``swinViT.``.

    It cannot be scripted, since MONAI's layers cannot; trace it instead.

    Args:
        in_channels: channels of the image.
        width: channels of the first map, a multiple of 12; each next one has twice as many.
        spatial_dims: 2 or 3.
        depths: blocks on each of the four grids that are halved once more.
        heads: of attention on each of them.
        window: side of the windows in cells.
        drop_path: chance that an image skips a branch of the last block, in [0, 1); it grows linearly from 0.
        dropout: chance of zeroing a value after the embedding and the linear layers, in [0, 1).

    Attributes:
        channels: of each map, coarsest last.
        step: what every side of an image is a multiple of.

    Shape:
        ``(N, C, *S)`` in; out a list of six maps, coarsest last: the image itself, which the decoder looks at, and
        maps at 1/2, 1/4, 1/8, 1/16 and 1/32 of the size.

    Raises:
        ValueError: if the width is no multiple of 12, or the images have other axes, channels or sides.

    Source:
        Hatamizadeh et al., Swin UNETR, BrainLes 2021; program of MONAI.
    """

    def __init__(
        self,
        in_channels: int = 1,
        *,
        width: int = 24,
        spatial_dims: int = 3,
        depths: Sequence[int] = (2, 2, 2, 2),
        heads: Sequence[int] = (3, 6, 12, 24),
        window: int = 7,
        drop_path: float = 0.0,
        dropout: float = 0.0,
    ) -> None:
        if width % 12:
            raise ValueError(f"SwinEncoder needs a width that is a multiple of 12, got {width}.")
        super().__init__(
            in_channels,
            width,
            (window,) * spatial_dims,
            (2,) * spatial_dims,
            depths,
            heads,
            drop_rate=dropout,
            drop_path_rate=drop_path,
            spatial_dims=spatial_dims,
        )
        self.spatial_dims = spatial_dims
        self.channels = (in_channels, *(width << level for level in range(len(depths) + 1)))
        self.step = 2 ** (len(depths) + 1)

    def forward(self, image: Tensor) -> list[Tensor]:
        fits = image.ndim == 2 + self.spatial_dims and image.shape[1] == self.channels[0]
        if not fits or any(size % self.step for size in image.shape[2:]):
            raise ValueError(
                f"SwinEncoder needs images (N, {self.channels[0]}, *S) with {self.spatial_dims} spatial axes, each a "
                f"multiple of {self.step}, got {list(image.shape)}; crop or pad before it, for example with "
                f"DivisiblePadd(k={self.step})."
            )
        return [image, *super().forward(image)]


class SwinDecoder(nn.Module):
    """The decoder of MONAI's SwinUNETR: double the size, join the encoder's map of that size, convolve twice.

    Args:
        channels: of the encoder's maps, coarsest last (``encoder.channels``), the image first.
        spatial_dims: 2 or 3.
        norm: a word of :func:`medssl.networks.normalization`, by default instance norm without learned scale.
        dropout: chance of zeroing a value of a map that was joined, in [0, 1).

    Attributes:
        out_channels: of the finest map.
        map_channels: of all maps, coarse to fine.

    Shape:
        Maps as :class:`SwinEncoder` gives them in; out ``(N, channels[1], *S)`` at the image's size.

    Raises:
        ValueError: if there is an instance norm, and the coarsest map has one cell.

    Source:
        Hatamizadeh et al., Swin UNETR, BrainLes 2021; program of MONAI, whose blocks these are.
    """

    def __init__(
        self,
        channels: Sequence[int],
        *,
        spatial_dims: int = 3,
        norm: LayerWord = UNSCALED,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.spatial_dims = spatial_dims
        self.scale = 1
        self.map_channels = (*channels[-2:0:-1], channels[1])
        self.out_channels = channels[1]
        words: dict[str, Any] = {"kernel_size": 3, "norm_name": normalization(norm), "res_block": True}
        blocks = [UnetrBasicBlock(spatial_dims, size, max(size, channels[1]), stride=1, **words) for size in channels]
        self.bottom = blocks.pop()
        blocks[-1] = nn.Identity()  # MONAI joins this map as it is
        self.skips = nn.ModuleList(reversed(blocks))
        self.ups = nn.ModuleList(
            UnetrUpBlock(spatial_dims, before, after, upsample_kernel_size=2, **words)
            for before, after in pairwise((channels[-1], *self.map_channels))
        )
        self.dropout = nn.Dropout(dropout)
        self.compares = words["norm_name"][0] == "instance"

    def forward(self, features: list[Tensor]) -> Tensor:
        return self.maps(features)[-1]

    def maps(self, features: list[Tensor], count: int = 0) -> list[Tensor]:
        """The maps that are made on the way, coarse to fine: all of them, or the first ``count``."""
        if self.compares and features[-1][0, 0].numel() == 1:
            raise ValueError(
                f"SwinDecoder needs a coarsest map of two cells or more, since instance norm compares them, got one of "
                f"images {list(features[0].shape[2:])}; give images of which one side or more is twice as long."
            )
        coarser = self.bottom(features[-1])
        result: list[Tensor] = []
        for step, (skip, up) in enumerate(zip(self.skips, self.ups)):  # noqa: B905 (TorchScript)
            if count == 0 or step < count:
                coarser = self.dropout(up(coarser, skip(features[-2 - step])))
                result.append(coarser)
        return result
