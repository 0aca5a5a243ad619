"""What sits on an encoder or decoder and answers one task."""

from __future__ import annotations

from collections import OrderedDict

from monai.networks.blocks import Convolution
from monai.networks.layers.factories import Conv
from monai.networks.layers.utils import get_act_layer
from torch import Tensor, nn

from medssl.networks.features import global_average
from medssl.networks.normalization import LayerWord, normalization

__all__ = ["ClassificationHead", "MapHead"]


class MapHead(nn.Sequential):
    """One value a voxel for every output channel: one convolution.

    Args:
        spatial_dims: 2 or 3.
        in_channels: of the decoder's map.
        out_channels: channels of the answer.
        activation: a word of MONAI's ``Act`` factory, such as ``"sigmoid"``; nothing gives logits.
        dropout: chance of zeroing a value before the convolution, in [0, 1).
        kernel_size: of the convolution, odd.

    Shape:
        ``(N, in_channels, *S)`` in, ``(N, out_channels, *S)`` out.

    Source:
        Zhou et al., Models Genesis, Medical Image Analysis 2021: restoration output (1 channel, sigmoid);
        Haghighi et al., DiRA, CVPR 2022: the same with ``kernel_size`` 3.
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
    ) -> None:
        layers = OrderedDict[str, nn.Module]()
        layers["dropout"] = nn.Dropout(dropout)
        layers["conv"] = Conv[Conv.CONV, spatial_dims](in_channels, out_channels, kernel_size, padding=kernel_size // 2)
        layers["activation"] = get_act_layer(activation)
        super().__init__(layers)


class ClassificationHead(nn.Module):
    """Class logits from the coarsest map: optional convolution, mean over space, optional hidden layer, linear.

    Args:
        in_channels: of the encoder's coarsest map (``encoder.channels[-1]``).
        num_classes: number of logits.
        hidden_channels: of a convolution of kernel 3 with norm and activation before the mean; 0 for none.
        hidden_features: of a linear layer with activation after the mean; 0 for none.
        spatial_dims: 2 or 3, the axes of that convolution.
        norm: of that convolution, see :class:`ConvEncoder`.
        activation: of both, a word of MONAI's ``Act`` factory.
        dropout: chance of zeroing a value before the last linear layer, in [0, 1).

    Shape:
        A list of maps, coarsest last, in; ``(N, num_classes)`` logits out.

    Source:
        Haghighi et al., Semantic Genesis, MICCAI 2020, self-classification. PyTorch program: ``hidden_channels``
        1024; Keras program and figures: 512 and ``hidden_features`` 1024.
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
    ) -> None:
        super().__init__()
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
        self.linear = nn.Linear(hidden_features or channels, num_classes)

    def forward(self, features: list[Tensor]) -> Tensor:
        vector = self.hidden(global_average(self.conv(features[-1])))
        return self.linear(self.dropout(vector))
