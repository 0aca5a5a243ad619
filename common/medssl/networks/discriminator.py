"""What tells real images from made ones."""

from __future__ import annotations

from monai.networks.nets import PatchDiscriminator
from torch import Tensor

__all__ = ["MapDiscriminator"]


class MapDiscriminator(PatchDiscriminator):
    """MONAI's patch discriminator with kernels of 3, answering with its last map only: one logit a patch.

    Args:
        spatial_dims: 2 or 3.
        in_channels: channels of the image.
        width: channels after the first convolution; they double three times.

    Shape:
        ``(N, C, *S)`` in, sides of 9 or more; ``(N, 1, *ceil(S / 8))`` out, not passed through a sigmoid.

    Source:
        Isola et al., CVPR 2017, patch discriminator; Haghighi et al., DiRA, CVPR 2022: width 64, instance norm.
    """

    def __init__(self, spatial_dims: int, in_channels: int, *, width: int) -> None:
        options = {"num_layers_d": 3, "kernel_size": 3, "norm": "instance", "bias": True}
        super().__init__(spatial_dims, width, in_channels, **options)

    def forward(self, image: Tensor) -> Tensor:
        for layer in self:
            image = layer(image)
        return image
