"""Windows of a map, and attention among the cells of each."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from medssl.geometry import offset_rows

__all__ = ["WindowAttention", "from_windows", "shift_regions", "to_windows"]


def to_windows(tokens: Tensor, window: list[int]) -> Tensor:
    """Cut a map of tokens into windows.

    Args:
        tokens: ``(N, x, y, z, C)``.
        window: sides, divisors of those of the map.

    Returns:
        ``(W N, cells, C)``, the images innermost.
    """
    n, x, y, z, channels = tokens.shape
    a, b, c = window
    grid = tokens.reshape(n, x // a, a, y // b, b, z // c, c, channels)
    return grid.permute(1, 3, 5, 0, 2, 4, 6, 7).reshape(-1, a * b * c, channels)


def from_windows(windows: Tensor, window: list[int], *, size: list[int]) -> Tensor:
    """Undo :func:`to_windows`: ``(W N, cells, C)`` to ``(N, *size, C)``."""
    a, b, c = window
    x, y, z = size
    grid = windows.reshape(x // a, y // b, z // c, -1, a, b, c, windows.shape[-1])
    return grid.permute(3, 0, 4, 1, 5, 2, 6, 7).reshape(-1, x, y, z, windows.shape[-1])


def shift_regions(size: list[int], window: list[int], *, shift: list[int]) -> Tensor:
    """Which cells of a cyclically shifted map lie side by side in the original.

    Args:
        size: of the map.
        window: sides of the windows in cells.
        shift: by how many cells each axis was rolled backwards.

    Returns:
        Numbers of regions, ``(1, *size, 1)``.
    """
    region = torch.zeros(1, 1, 1, 1, 1, dtype=torch.long)
    for axis in range(3):
        cells = torch.arange(size[axis])
        part = (cells >= size[axis] - window[axis]).long() + (cells >= size[axis] - shift[axis]).long()
        shape = [1, 1, 1, 1, 1]
        shape[1 + axis] = size[axis]
        region = 3 * region + part.reshape(shape)
    return region


class WindowAttention(nn.Module):
    """Attention among the cells of each window, which may lie shifted by half a window.

    A map that is no multiple of the window is padded with zeros, which take part. On an axis no longer than the
    window, the window is that axis, and nothing is shifted.

    Args:
        channels: of the tokens.
        head_channels: of each head, a divisor of them.
        window: side in cells.
        shifted: whether windows lie shifted by half their side.
        cross: keys and values come from other tokens, and the queries are the tokens themselves.
        dropout: chance of zeroing a value of the answer, in [0, 1).
        compatible_index: see :func:`medssl.geometry.offset_rows`.

    Shape:
        Two maps of tokens ``(N, x, y, z, C)`` in, which are one unless ``cross``; one out.

    Source:
        Liu et al., Swin Transformer, ICCV 2021; cross attention: Zhou et al., nnFormer, IEEE TIP 2023.
    """

    def __init__(
        self,
        channels: int,
        *,
        head_channels: int,
        window: int,
        shifted: bool = False,
        cross: bool = False,
        dropout: float = 0.0,
        compatible_index: bool = True,
    ) -> None:
        super().__init__()
        self.heads = channels // head_channels
        self.window = window
        self.shifted = shifted
        self.cross = cross
        self.scale = head_channels**-0.5
        self.budget = 2**20  # logits at a time, so that they stay in the processor's cache
        self.input = nn.Linear(channels, (2 if cross else 3) * channels)
        self.output = nn.Linear(channels, channels)
        self.dropout = nn.Dropout(dropout)
        self.table = nn.Parameter(torch.empty((2 * window - 1) ** 3, self.heads))
        nn.init.trunc_normal_(self.table, std=0.02)
        self.rows: Tensor = offset_rows(window, compatible=compatible_index)  # no buffer: TorchScript would save it

    def forward(self, tokens: Tensor, source: Tensor) -> Tensor:
        size: list[int] = list(tokens.shape[1:4])
        window = [min(self.window, side) for side in size]
        shift = [side // 2 if self.shifted and side < whole else 0 for side, whole in zip(window, size)]  # noqa: B905
        moved = _move(source, window, shift=shift)
        full: list[int] = list(moved.shape[1:4])
        parts = self.input(to_windows(moved, window))
        if self.cross:
            own = to_windows(_move(tokens, window, shift=shift), window)
            parts = torch.cat([own.to(parts.dtype), parts], dim=-1)
        regions: Tensor | None = None
        if sum(shift) > 0:
            regions = to_windows(shift_regions(full, window, shift=shift), window).squeeze(2)
            regions = regions.repeat_interleave(len(tokens), 0).to(tokens.device)
        answer = self.output(self._attend(parts, self._bias(window), regions=regions))
        answer = from_windows(self.dropout(answer), window, size=full)
        if sum(shift) > 0:
            answer = torch.roll(answer, shift, [1, 2, 3])
        return answer[:, : size[0], : size[1], : size[2]]

    def _bias(self, window: list[int]) -> Tensor:
        """Of each head and pair of cells, ``(heads, cells, cells)``."""
        a, b, c = window
        rows = self.rows[:a, :b, :c, :a, :b, :c].flatten().to(self.table.device)
        return self.table.t().contiguous().index_select(1, rows).reshape(self.heads, a * b * c, -1)

    def _attend(self, parts: Tensor, bias: Tensor, *, regions: Tensor | None) -> Tensor:
        """Queries, keys and values ``(W N, cells, 3 C)`` to answers ``(W N, cells, C)``.

        So few windows are looked at together that their logits stay in the processor's cache.
        """
        total, cells, channels = parts.shape
        count = total if parts.is_cuda else max(1, self.budget // bias.numel())
        answers: list[Tensor] = []
        for place, few in enumerate(parts.split(count)):
            split = few.reshape(len(few), cells, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
            query, key, value = split.unbind(0)  # each (few, heads, cells, E)
            logits = (query * self.scale) @ key.transpose(-2, -1)
            logits += bias.to(logits.dtype)
            if regions is not None:
                region = regions[place * count : (place + 1) * count]
                apart = region[:, None, :, None] != region[:, None, None, :]
                logits -= 100.0 * apart.to(logits.dtype)
            answer = torch.softmax(logits, dim=-1).to(value.dtype) @ value
            answers.append(answer.transpose(1, 2).reshape(len(few), cells, channels // 3))
        return torch.cat(answers)


def _move(tokens: Tensor, window: list[int], *, shift: list[int]) -> Tensor:
    """Pad to multiples of the window, then shift."""
    x, y, z = [-size % side for size, side in zip(tokens.shape[1:4], window)]  # noqa: B905 (TorchScript)
    if x + y + z > 0:
        tokens = pad(tokens, [0, 0, 0, z, 0, y, 0, x])
    if sum(shift) > 0:
        tokens = torch.roll(tokens, [-shift[0], -shift[1], -shift[2]], [1, 2, 3])
    return tokens
