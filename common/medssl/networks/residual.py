"""The residual encoder: images to feature maps."""

from __future__ import annotations

from monai.networks.nets import ResNet
from monai.networks.nets.flexible_unet import ResNetEncoder
from monai.networks.nets.resnet import get_inplanes, resnet_params
from torch import Tensor

__all__ = ["ResidualEncoder"]

CHANNELS = dict(zip(ResNetEncoder.get_encoder_names(), ResNetEncoder.num_channels_per_output(), strict=True))


class ResidualEncoder(ResNet):
    """MONAI's ResNet without its last layer, of the shape of torchvision's: the same tensors, under the same names.

    MONAI's own ``ResNetEncoder`` differs in two of the backbones: its shortcuts of 18 and 34 layers learn nothing.

    Args:
        spatial_dims: 2 or 3.
        in_channels: channels of the image.
        backbone: ``"resnet10"``, ``"resnet18"``, ``"resnet34"``, ``"resnet50"``, ...

    Attributes:
        channels: of each map, coarsest last.

    Shape:
        ``(N, C, *S)`` in; out a list of five maps at 1/2, 1/4, 1/8, 1/16 and 1/32 of the size, coarsest last.

    Raises:
        ValueError: if there is no such backbone, or the images have other axes or channels.

    Source:
        He et al., Deep Residual Learning, CVPR 2016; Haghighi et al., DiRA, CVPR 2022: encoder, ResNet-50.
    """

    def __init__(self, spatial_dims: int, in_channels: int, *, backbone: str = "resnet10") -> None:
        if backbone not in CHANNELS:
            raise ValueError(f"ResidualEncoder needs a backbone of {list(CHANNELS)}, got {backbone!r}.")
        block, layers, *_ = resnet_params[backbone]
        shape = {"conv1_t_stride": 2, "shortcut_type": "B", "bias_downsample": False, "feed_forward": False}
        super().__init__(
            block, layers, get_inplanes(), spatial_dims=spatial_dims, n_input_channels=in_channels, **shape
        )
        self.spatial_dims = spatial_dims
        self.image_channels = in_channels
        self.channels = CHANNELS[backbone]

    def forward(self, image: Tensor) -> list[Tensor]:
        if image.ndim != 2 + self.spatial_dims or image.shape[1] != self.image_channels:
            raise ValueError(
                f"ResidualEncoder needs images (N, {self.image_channels}, *S) with {self.spatial_dims} spatial axes, "
                f"got {list(image.shape)}; look at the preprocessing and at the word for the number of channels."
            )
        first = self.act(self.bn1(self.conv1(image)))
        second = self.layer1(self.maxpool(first))
        third = self.layer2(second)
        fourth = self.layer3(third)
        return [first, second, third, fourth, self.layer4(fourth)]
