"""The anisotropic residual encoder: volumes of thin anatomy per slice to feature maps that shrink slowly along z."""

from __future__ import annotations

from itertools import pairwise

from monai.networks.blocks import Convolution
from torch import Tensor, nn

from medssl.networks.normalization import LayerWord, normalization

__all__ = ["AnisotropicEncoder"]

Triple = tuple[int, int, int]

STEM: Triple = (3, 7, 7)  # kernels and strides as the weights are stored: along z, y, x
STAGES: tuple[tuple[Triple, Triple], ...] = (
    ((1, 3, 3), (1, 2, 2)),
    ((1, 3, 3), (1, 2, 2)),
    ((3, 3, 3), (1, 2, 2)),
    ((3, 3, 3), (2, 2, 2)),
)


class AnisotropicEncoder(nn.Module):
    """A ResNet-18 for volumes that looks at slices first and across them later.

    Args:
        in_channels: channels of the image.
        width: channels of the finest map; each following one has twice as many.
        norm: see :func:`medssl.networks.normalization`.

    Attributes:
        channels: of each map, coarsest last.
        step: what the axes of an image must be multiples of.

    Shape:
        ``(N, C, x, y, z)`` in; out a list of four maps, coarsest last: ``x`` and ``y`` are divided by 2, 4, 8, 16 and
        ``z`` by 2, 2, 2, 4.

    Raises:
        ValueError: if the images have other axes, other channels, or a size that cannot be divided.

    Source:
        Yan et al., SAM: Self-supervised Learning of Pixel-wise Anatomical Embeddings, TMI 2022: backbone, width 64.
    """

    def __init__(self, in_channels: int = 1, *, width: int = 16, norm: LayerWord = "running") -> None:
        super().__init__()
        self.spatial_dims = 3
        self.in_channels = in_channels
        self.channels = tuple(width * 2**stage for stage in range(len(STAGES)))
        self.step = (16, 16, 4)
        self.stem = _layer((in_channels, width), kernel=STEM, stride=(1, 1, 1), norm=norm, activation="relu")
        stages = [
            nn.Sequential(
                _Block(channels, kernel=kernel, stride=stride, norm=norm),
                _Block((channels[1], channels[1]), kernel=kernel, stride=(1, 1, 1), norm=norm),
            )
            for channels, (kernel, stride) in zip(pairwise((width, *self.channels)), STAGES, strict=True)
        ]
        stages[0].append(nn.MaxPool3d((2, 1, 1)))
        self.stages = nn.ModuleList(stages)

    def forward(self, image: Tensor) -> list[Tensor]:
        self._check(list(image.shape))
        maps: list[Tensor] = []
        current = self.stem(image.permute(0, 1, 4, 3, 2))  # (N, width, z, y, x)
        for stage in self.stages:
            current = stage(current)
            maps.append(current.permute(0, 1, 4, 3, 2))
        return maps

    def _check(self, shape: list[int]) -> None:
        x, y, z = self.step
        fits = len(shape) == 5 and shape[1] == self.in_channels and min(shape) > 0
        if fits:
            fits = shape[2] % x + shape[3] % y + shape[4] % z == 0
        if not fits:
            raise ValueError(
                f"AnisotropicEncoder needs images (N, {self.in_channels}, x, y, z) whose axes are multiples of "
                f"{self.step}, got {shape}; pad before it, for example with DivisiblePadd(k={self.step})."
            )


class _Block(nn.Module):
    """Two convolutions and a way around them, which is a convolution too where the size changes."""

    def __init__(self, channels: tuple[int, int], *, kernel: Triple, stride: Triple, norm: LayerWord) -> None:
        super().__init__()
        inner = (channels[1], channels[1])
        self.first = _layer(channels, kernel=kernel, stride=stride, norm=norm, activation="relu")
        self.second = _layer(inner, kernel=kernel, stride=(1, 1, 1), norm=norm, activation=None)
        same = max(stride) == 1 and channels[0] == channels[1]
        self.shortcut: nn.Module = (
            nn.Identity() if same else _layer(channels, kernel=(1, 1, 1), stride=stride, norm=norm, activation=None)
        )
        self.activation = nn.ReLU(inplace=True)

    def forward(self, features: Tensor) -> Tensor:
        return self.activation(self.second(self.first(features)) + self.shortcut(features))


def _layer(
    channels: tuple[int, int], *, kernel: Triple, stride: Triple, norm: LayerWord, activation: str | None
) -> Convolution:
    before, after = channels
    return Convolution(
        3,
        before,
        after,
        strides=stride,
        kernel_size=kernel,
        act=None if activation is None else (activation, {"inplace": True}),
        norm=normalization(norm),
        bias=False,
    )
