"""What sits on an encoder or decoder and answers one task."""

from __future__ import annotations

from collections import OrderedDict

from monai.networks.blocks import Convolution
from monai.networks.layers.factories import Conv
from monai.networks.layers.utils import get_act_layer
from torch import Tensor, nn

from medssl.networks.features import global_average, global_maximum
from medssl.networks.normalization import LayerWord, normalization

__all__ = ["ClassificationHead", "MapHead"]

POOLS = {"mean": global_average, "max": global_maximum}


class MapHead(nn.Sequential):
    """One value a voxel for every output channel: one convolution, transposed if the map is coarser than the image.

    Args:
        spatial_dims: 2 or 3.
        in_channels: of the decoder's map.
        out_channels: channels of the answer.
        activation: a word of MONAI's ``Act`` factory, such as ``"sigmoid"``; nothing gives logits.
        dropout: chance of zeroing a value before the convolution, in [0, 1).
        kernel_size: of the convolution, odd.
        scale: how many times finer the answer is than the map; above 1 it is the kernel and stride of a transposed
            convolution.

    Shape:
        ``(N, in_channels, *S)`` in, ``(N, out_channels, *(scale S))`` out.

    Raises:
        ValueError: if ``kernel_size`` and ``scale`` are both above 1.

    Source:
        Zhou et al., Models Genesis, Medical Image Analysis 2021: restoration output (1 channel, sigmoid);
        Haghighi et al., DiRA, CVPR 2022: the same with ``kernel_size`` 3; Zhou et al., nnFormer, IEEE TIP 2023, and
        Jiang et al., Alice, ICCV 2023: ``scale`` 2, logits.
    """

    def __init__(
        self,
        spatial_dims: int,
        in_channels: int,
        *,
        out_channels: int,
        activation: LayerWord = "",
        dropout: float = 0.0,
        kernel_size: int = 1,
        scale: int = 1,
    ) -> None:
        if kernel_size > 1 and scale > 1:
            raise ValueError(f"MapHead needs kernel_size 1 with scale {scale}, got {kernel_size}; leave it out.")
        layers = OrderedDict[str, nn.Module]()
        layers["dropout"] = nn.Dropout(dropout)
        layers["conv"] = (
            Conv[Conv.CONVTRANS, spatial_dims](in_channels, out_channels, scale, stride=scale)
            if scale > 1
            else Conv[Conv.CONV, spatial_dims](in_channels, out_channels, kernel_size, padding=kernel_size // 2)
        )
        layers["activation"] = get_act_layer(activation)
        super().__init__(layers)


class ClassificationHead(nn.Module):
    """Numbers from the coarsest map: optional convolution, one value a channel, optional hidden layer, linear.

    Args:
        in_channels: of the encoder's coarsest map (``encoder.channels[-1]``).
        num_classes: how many: one a class (logits), or 1 for a place or another amount.
        hidden_channels: of a convolution of kernel 3 with norm and activation before the pooling; 0 for none.
        hidden_features: of a linear layer with activation after the pooling; 0 for none.
        spatial_dims: 2 or 3, the axes of that convolution.
        norm: of that convolution, see :class:`ConvEncoder`.
        activation: of both, a word of MONAI's ``Act`` factory.
        dropout: chance of zeroing a value before the last linear layer, in [0, 1).
        layer_norm: whether a layer norm stands before the last linear layer.
        pool: what stands for a channel, its ``"mean"`` or its ``"max"`` over space.

    Shape:
        A list of maps, coarsest last, in; ``(N, num_classes)`` out.

    Raises:
        ValueError: if ``pool`` is another word.

    Source:
        Haghighi et al., Semantic Genesis, MICCAI 2020, self-classification. PyTorch program: ``hidden_channels``
        1024; Keras program and figures: 512 and ``hidden_features`` 1024. Zhang et al., Self-supervised learning for
        medical image data with anatomy-oriented imaging planes, Medical Image Analysis 2024, relative slice location:
        ``pool`` ``"max"``, ``hidden_features`` 128, ``dropout`` 0.5 (before the ReLU there; the two commute).
    """

    def __init__(
        self,
        in_channels: int,
        num_classes: int,
        *,
        hidden_channels: int = 0,
        hidden_features: int = 0,
        spatial_dims: int = 3,
        norm: LayerWord = "running",
        activation: LayerWord = "relu",
        dropout: float = 0.0,
        layer_norm: bool = False,
        pool: str = "mean",
    ) -> None:
        super().__init__()
        if pool not in POOLS:
            raise ValueError(f"ClassificationHead needs pool to be one of {sorted(POOLS)}, got {pool!r}.")
        self.pool = POOLS[pool]
        channels = hidden_channels or in_channels
        self.conv = (
            Convolution(spatial_dims, in_channels, channels, act=activation, norm=normalization(norm))
            if hidden_channels
            else nn.Identity()
        )
        self.hidden = (
            nn.Sequential(nn.Linear(channels, hidden_features), get_act_layer(activation))
            if hidden_features
            else nn.Identity()
        )
        self.dropout = nn.Dropout(dropout)
        features = hidden_features or channels
        self.norm = nn.LayerNorm(features) if layer_norm else nn.Identity()
        self.linear = nn.Linear(features, num_classes)

    def forward(self, features: list[Tensor]) -> Tensor:
        vector = self.hidden(self.pool(self.conv(features[-1])))
        return self.linear(self.dropout(self.norm(vector)))
