"""The blocks that an encoder and a decoder with windows are made of; maps are ``(N, x, y, z, C)`` here."""

from __future__ import annotations

from itertools import pairwise

from monai.networks.blocks import MLPBlock
from torch import Tensor, nn
from torch.nn.functional import dropout, gelu

from medssl.networks.windows import WindowAttention

__all__ = ["Doubling", "Halving", "PatchEmbedding", "WindowBlock"]


class WindowBlock(nn.Module):
    """Attention in windows, then two linear layers, each with a shortcut.

    Args:
        attention: whose channels and dropout the linear layers have too. If it is a ``cross`` one, the block joins
            another map: it is added, and looked at instead of the block's own.
        drop_path: chance that an image skips a branch in training, in [0, 1).

    Shape:
        ``(N, x, y, z, C)`` in (two of them if ``cross``), one out.

    Source:
        Liu et al., Swin Transformer, ICCV 2021; ``cross``: Zhou et al., nnFormer, IEEE TIP 2023, skip attention.
    """

    def __init__(self, attention: WindowAttention, *, drop_path: float = 0.0) -> None:
        super().__init__()
        channels = attention.output.out_features
        self.drop_path = drop_path
        self.norm1 = nn.LayerNorm(channels)
        self.attention = attention
        self.norm2 = nn.LayerNorm(channels)
        self.mlp = MLPBlock(channels, 4 * channels, attention.dropout.p)

    def forward(self, tokens: Tensor, skip: Tensor | None = None) -> Tensor:
        looking = self.norm1(tokens)
        source = looking
        if skip is not None:
            source = self.norm1(skip)
            tokens = tokens + skip
        tokens = tokens + self._maybe(self.attention(looking, source))
        return tokens + self._maybe(self.mlp(self.norm2(tokens)))

    def _maybe(self, branch: Tensor) -> Tensor:
        """Leave the branch out for some images, and scale it up for the others."""
        if not self.training or self.drop_path == 0.0:
            return branch
        return branch * dropout(branch.new_ones([len(branch), 1, 1, 1, 1]), self.drop_path)


class PatchEmbedding(nn.Module):
    """Four convolutions, the first of which halves the image, with GELU and layer norm between them.

    Args:
        in_channels: of the image.
        channels: of the tokens, even.

    Shape:
        ``(N, in_channels, x, y, z)`` in, ``(N, x / 2, y / 2, z / 2, channels)`` out.

    Source:
        Zhou et al., nnFormer, IEEE TIP 2023, embedding layer, here with patches of 2 voxels (Alice, ICCV 2023).
    """

    def __init__(self, in_channels: int, channels: int) -> None:
        super().__init__()
        steps = list(pairwise((in_channels, channels // 2, channels // 2, channels, channels)))
        self.convs = nn.ModuleList(
            nn.Conv3d(before, after, 3, stride=1 if place else 2, padding=1)
            for place, (before, after) in enumerate(steps)
        )
        self.norms = nn.ModuleList(nn.LayerNorm(after) for _, after in steps)

    def forward(self, image: Tensor) -> Tensor:
        tokens = image.movedim(1, -1)
        for place, (conv, norm) in enumerate(zip(self.convs, self.norms)):  # noqa: B905 (TorchScript)
            image = conv(tokens.movedim(-1, 1)).movedim(1, -1)
            tokens = norm(gelu(image) if place < 3 else image)
        return tokens


class Halving(nn.Module):
    """GELU, layer norm and a convolution of stride 2 that doubles the channels.

    Args:
        channels: before.

    Shape:
        ``(N, x, y, z, C)`` in, ``(N, x / 2, y / 2, z / 2, 2 C)`` out.

    Source:
        Zhou et al., nnFormer, IEEE TIP 2023, down-sampling layer.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(channels)
        self.conv = nn.Conv3d(channels, 2 * channels, 3, stride=2, padding=1)

    def forward(self, tokens: Tensor) -> Tensor:
        return self.conv(self.norm(gelu(tokens)).movedim(-1, 1)).movedim(1, -1)


class Doubling(nn.Module):
    """Layer norm and a transposed convolution of kernel and stride 2 that halves the channels.

    Args:
        channels: after.

    Shape:
        ``(N, x, y, z, 2 C)`` in, ``(N, 2 x, 2 y, 2 z, C)`` out.

    Source:
        Zhou et al., nnFormer, IEEE TIP 2023, up-sampling layer.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(2 * channels)
        self.conv = nn.ConvTranspose3d(2 * channels, channels, 2, stride=2)

    def forward(self, tokens: Tensor) -> Tensor:
        return self.conv(self.norm(tokens).movedim(-1, 1)).movedim(1, -1)
