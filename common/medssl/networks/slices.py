"""Stacks of slices for a network of planes."""

from __future__ import annotations

from torch import Tensor

__all__ = ["slices_of", "stack_of"]


def slices_of(stacks: Tensor) -> Tensor:
    """Every slice of every stack as an image of its own: ``(N, C, W, H, S)`` in, ``(N S, C, W, H)`` out.

    Raises:
        ValueError: if there are no three spatial axes.
    """
    if stacks.ndim != 5:
        raise ValueError(f"A network by slice needs stacks (N, C, W, H, S), got {list(stacks.shape)}; add an axis.")
    return stacks.movedim(-1, 1).flatten(0, 1)


def stack_of(images: Tensor, count: int) -> Tensor:
    """Undo :func:`slices_of` for stacks of ``count`` slices: ``(N S, C, W, H)`` in, ``(N, C, W, H, S)`` out."""
    return images.unflatten(0, (-1, count)).movedim(1, -1)
