"""The decoder with windows: feature maps to maps at half the image's size by attention."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor, nn

from medssl.networks.window_blocks import Doubling, WindowBlock
from medssl.networks.windows import WindowAttention

__all__ = ["WindowDecoder"]


class WindowDecoder(nn.Module):
    """The expanding half of nnFormer: double the size, look at the encoder's map of that size, then at one's own.

    Args:
        channels: of the encoder's maps, coarsest last (``encoder.channels``), each twice the one before.
        windows: of the encoder; that of its coarsest grid is not used and may be left out.
        head_channels: see :class:`WindowEncoder`.
        image_size: see :class:`WindowEncoder`.
        drop_path: chance that an image skips a branch of the last block, in [0, 1); it grows linearly from 0.
        dropout: chance of zeroing a value after the linear layers, in [0, 1).
        compatible_index: see :class:`WindowEncoder`.

    Attributes:
        out_channels: of the finest map.
        map_channels: of all maps, coarse to fine.
        scale: how many times finer the image is than the finest map.

    Shape:
        Maps as :class:`WindowEncoder` gives them in; out ``(N, channels[0], x / 2, y / 2, z / 2)``.

    Raises:
        ValueError: if a map has no window, or ``head_channels`` is no divisor of the channels.

    Source:
        Zhou et al., nnFormer, IEEE TIP 2023, as used by Jiang et al., Alice, ICCV 2023.
    """

    def __init__(
        self,
        channels: Sequence[int],
        *,
        windows: Sequence[int] = (4, 4, 8),
        head_channels: int = 8,
        image_size: int = 64,
        drop_path: float = 0.2,
        dropout: float = 0.0,
        compatible_index: bool = True,
    ) -> None:
        super().__init__()
        steps = len(channels) - 1
        if len(windows) < steps or channels[0] % head_channels:
            raise ValueError(
                f"WindowDecoder needs {steps} windows, one for each map but the coarsest, and head_channels that "
                f"divide {channels[0]}, got windows {list(windows)}, head_channels {head_channels}."
            )
        self.spatial_dims = 3
        self.scale = 2
        self.out_channels = channels[0]
        self.map_channels = tuple(channels[-2::-1])
        self.ups = nn.ModuleList(map(Doubling, self.map_channels))
        chances = iter(torch.linspace(0, drop_path, 2 * steps).tolist())
        attend = partial(
            WindowAttention, head_channels=head_channels, dropout=dropout, compatible_index=compatible_index
        )
        self.joins, self.blocks = nn.ModuleList(), nn.ModuleList()
        for level in reversed(range(steps)):
            window = min(windows[level], image_size >> level + 1)
            join = attend(channels[level], window=window, cross=True)
            self.joins.append(WindowBlock(join, drop_path=next(chances)))
            own = attend(channels[level], window=window, shifted=True)
            self.blocks.append(WindowBlock(own, drop_path=next(chances)))

    def forward(self, features: list[Tensor]) -> Tensor:
        return self.maps(features)[-1]

    def maps(self, features: list[Tensor], count: int = 0) -> list[Tensor]:
        """The maps that are made on the way, coarse to fine: all of them, or the first ``count``."""
        tokens = features[-1].movedim(1, -1)
        result: list[Tensor] = []
        for step, (up, join, block) in enumerate(zip(self.ups, self.joins, self.blocks)):  # noqa: B905 (TorchScript)
            if count == 0 or step < count:
                tokens = block(join(up(tokens), features[-2 - step].movedim(1, -1)))
                result.append(tokens.movedim(-1, 1))
        return result
