"""The encoder with windows: images to feature maps by attention."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from medssl.networks.window_blocks import Halving, PatchEmbedding, WindowBlock
from medssl.networks.windows import WindowAttention

__all__ = ["WindowEncoder"]


class WindowEncoder(nn.Module):
    """The contracting half of nnFormer: attention in windows on four grids, each half as fine as the one before.

    Places are told by a table of sinusoids, which is part of the state; in images of another size it is stretched.

    Args:
        in_channels: channels of the image.
        width: channels of the finest map; each next one has twice as many.
        depths: blocks on each grid; every second one has shifted windows.
        windows: side of the windows on each grid in cells, at most that of the grid in an image of ``image_size``.
        head_channels: of each head, a divisor of ``width``.
        image_size: side of the images for which table and windows are made, a multiple of ``step``.
        drop_path: chance that an image skips a branch of the last block, in [0, 1); it grows linearly from 0.
        dropout: chance of zeroing a value after the embedding and the linear layers, in [0, 1).
        compatible_index: biases of attention by the published formula, in which offsets share rows; see
            :func:`medssl.geometry.offset_rows`.

    Attributes:
        channels: of each map, coarsest last.
        step: what every side of an image is a multiple of.

    Shape:
        ``(N, C, x, y, z)`` in; out a list of maps at 1/2, 1/4, ... of the size, coarsest last.

    Raises:
        ValueError: if sizes do not divide, or the images have other axes, channels or sides.

    Source:
        Zhou et al., nnFormer, IEEE TIP 2023, as used by Jiang et al., Alice, ICCV 2023 (``width`` 48). There the
        table is noise that is never saved.
    """

    def __init__(
        self,
        in_channels: int = 1,
        *,
        width: int = 24,
        depths: Sequence[int] = (2, 2, 2, 2),
        windows: Sequence[int] = (4, 4, 8, 4),
        head_channels: int = 8,
        image_size: int = 64,
        drop_path: float = 0.2,
        dropout: float = 0.0,
        compatible_index: bool = True,
    ) -> None:
        super().__init__()
        self.spatial_dims = 3
        self.step = 2 ** len(depths)
        if image_size % self.step or width % head_channels or len(windows) != len(depths):
            raise ValueError(
                f"WindowEncoder needs image_size to be a multiple of {self.step}, width one of head_channels, and a "
                f"window for each of {len(depths)} grids, got image_size {image_size}, width {width}, head_channels "
                f"{head_channels}, windows {list(windows)}."
            )
        self.in_channels = in_channels
        self.channels = tuple(width << level for level in range(len(depths)))
        self.patches = PatchEmbedding(in_channels, width)
        self.position: Tensor
        self.register_buffer("position", sinusoids(image_size // 2, width))
        self.dropout = nn.Dropout(dropout)
        self.downs = nn.ModuleList([nn.Identity(), *map(Halving, self.channels[:-1])])
        chances = iter(torch.linspace(0, drop_path, sum(depths)).tolist())
        attend = partial(
            WindowAttention, head_channels=head_channels, dropout=dropout, compatible_index=compatible_index
        )
        self.stages = nn.ModuleList()
        for level, (channels, depth) in enumerate(zip(self.channels, depths, strict=True)):
            window = min(windows[level], image_size >> level + 1)
            parts = (attend(channels, window=window, shifted=place % 2 == 1) for place in range(depth))
            self.stages.append(nn.Sequential(*(WindowBlock(part, drop_path=next(chances)) for part in parts)))
        self.norms = nn.ModuleList(map(nn.LayerNorm, self.channels))
        self.stages.apply(_initialise)

    def forward(self, image: Tensor) -> list[Tensor]:
        self._check(list(image.shape))
        tokens = self.patches(image)
        tokens = self.dropout(tokens + self._places(list(tokens.shape[1:4])))
        features: list[Tensor] = []
        for down, stage, norm in zip(self.downs, self.stages, self.norms):  # noqa: B905 (TorchScript)
            tokens = down(tokens)
            tokens = stage(tokens)
            features.append(norm(tokens).movedim(-1, 1))
        return features

    def _places(self, size: list[int]) -> Tensor:
        position = self.position
        if list(position.shape[2:]) != size:
            position = interpolate(position, size, mode="trilinear", align_corners=False)
        return position.movedim(1, -1)

    def _check(self, shape: list[int]) -> None:
        fits = len(shape) == 5 and shape[1] == self.in_channels
        for size in shape[2:]:
            fits = fits and size > 0 and size % self.step == 0
        if not fits:
            raise ValueError(
                f"WindowEncoder needs images (N, {self.in_channels}, x, y, z) with sides that are multiples of "
                f"{self.step}, got {shape}; crop or pad before it, for example with DivisiblePadd(k={self.step})."
            )


def sinusoids(size: int, channels: int) -> Tensor:
    """Sines and cosines of the place on a cubic grid, a third of the channels an axis."""
    pairs = -(-channels // 6)
    angle = torch.arange(size)[:, None] / 10000 ** (torch.arange(pairs) / pairs)
    wave = torch.cat([angle.sin(), angle.cos()], dim=1).T  # (2 pairs, size)
    axes = wave[:, :, None, None], wave[:, None, :, None], wave[:, None, None, :]
    table = torch.cat([axis.expand(-1, size, size, size) for axis in axes])
    return table[None, :channels].contiguous()


def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Linear):
        nn.init.trunc_normal_(module.weight, std=0.02)
        nn.init.zeros_(module.bias)
