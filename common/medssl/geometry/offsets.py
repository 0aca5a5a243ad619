"""Offsets between the cells of a cube."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["offset_rows"]


def offset_rows(side: int, *, compatible: bool = False) -> Tensor:
    """Number the offsets between any two cells of a cube.

    Args:
        side: of the cube in cells.
        compatible: the formula of published nnFormers, by which different offsets share a number: 115 of 343 are in
            use for a side of 4, 547 of 3375 for 8.

    Returns:
        Numbers in [0, (2 side - 1)^3), ``(*(side,) * 3, *(side,) * 3)``: the cell that is looked from, the other.

    Source:
        Liu et al., Swin Transformer, ICCV 2021; ``compatible``: Zhou et al., nnFormer, IEEE TIP 2023, as published
        with Jiang et al., Alice, ICCV 2023.
    """
    cells = torch.arange(side)
    offset = cells[:, None] - cells + side - 1  # in [0, 2 side - 2]
    reach = 2 * side - 1
    first = 3 * side - 1 if compatible else reach * reach
    rows = first * offset[:, None, None, :, None, None] + reach * offset[None, :, None, None, :, None]
    return rows + offset[None, None, :, None, None, :]
