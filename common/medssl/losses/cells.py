"""Embedded cells of views: where they lie, which are hard to tell apart, how alike they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, embedding

__all__ = ["Cells", "HardNegatives", "contrast", "some_of"]


class Cells(NamedTuple):
    """Cells of one or more views.

    Args:
        embedding: of each cell, of unit length, ``(F, E)``.
        places: where it lies in mm, ``(F, D)``.
        ranking: vectors whose product says how easily two cells are mistaken for each other, ``(F, R)``.
    """

    embedding: Tensor
    places: Tensor
    ranking: Tensor

    @classmethod
    def of_view(cls, embedding: Tensor, places: Tensor, *, ranking: Tensor) -> Cells:
        """The cells of one view whose place is known, from its maps ``(E, *F)``, ``(D, *F)`` and ``(R, *F)``."""
        rows = [one.flatten(1).T for one in (embedding, places, ranking)]
        known = rows[1].isfinite().all(1)
        return cls(*(one[known] for one in rows))

    def with_others(self, others: Cells) -> Cells:
        """These cells and then the others."""
        return Cells(*(torch.cat(pair) for pair in zip(self, others, strict=True)))

    def inside(self, other: Cells) -> Tensor:
        """Indices of the cells in the box that lies around these cells and around the others, ``(M,)``."""
        if 0 in (len(self.places), len(other.places)):
            return torch.arange(0, device=self.places.device)
        lower = torch.maximum(self.places.amin(0), other.places.amin(0))
        upper = torch.minimum(self.places.amax(0), other.places.amax(0))
        return ((self.places >= lower) & (self.places <= upper)).all(1).nonzero()[:, 0]

    def are_apart(self, other: Cells) -> bool:
        """Whether the boxes around both share nothing."""
        if 0 in (len(self.places), len(other.places)):
            return True
        below = self.places.amax(0) < other.places.amin(0)
        above = self.places.amin(0) > other.places.amax(0)
        return bool((below | above).any())

    def similarity(self, rows: Tensor, columns: Tensor) -> Tensor:
        """Cosine of some cells with others, ``(Q,)`` and ``(Q, M)`` to ``(Q, M)``; -inf where a column is -1."""
        others = embedding(columns.clamp(min=0), self.embedding)  # (Q, M, E); its gradient is cheaper than indexing's
        cosine = torch.einsum("qe,qme->qm", self.embedding[rows], others)
        return cosine.masked_fill(columns < 0, -torch.inf)


@dataclass(frozen=True)
class HardNegatives:
    """Draws, for each of some cells, cells that are easily mistaken for it.

    Args:
        ignore_mm: cells nearer than that are none.
        hard: how many of the highest ranked to draw from.
        keep: how many to draw; no more are than there are.
    """

    ignore_mm: float
    hard: int
    keep: int

    @torch.no_grad()
    def draw(self, cells: Cells, rows: Tensor) -> Tensor:
        """Indices of the drawn cells for the ``(Q,)`` rows, ``(Q, keep)``, -1 where there are not so many."""
        score = cells.ranking[rows] @ cells.ranking.T
        score.masked_fill_(torch.cdist(cells.places[rows], cells.places) < self.ignore_mm, -torch.inf)
        best = score.topk(min(self.hard, score.shape[1]), dim=1, sorted=False)
        left = best.values > -torch.inf
        columns = best.indices.masked_fill(~left, -1)
        if self.keep >= columns.shape[1]:
            return columns
        order = torch.rand_like(best.values).masked_fill(~left, -1)
        return columns.gather(1, order.topk(self.keep, dim=1, sorted=False).indices)


def some_of(rows: Tensor, count: int) -> Tensor:
    """Up to so many rows, drawn at random and shuffled; all as they are if there are no more.

    Args:
        rows: anything with rows.
        count: how many at most.
    """
    if len(rows) <= count:
        return rows
    return rows[torch.randperm(len(rows), device=rows.device)[:count]]


def contrast(similarities: Sequence[Tensor], temperature: float) -> Tensor:
    """Cross-entropy of each row's first column among all of its columns.

    Args:
        similarities: columns, ``(Q, M)`` each.
        temperature: divides them.

    Returns:
        One value a row, ``(Q,)``.
    """
    logits = torch.cat(list(similarities), dim=1) / temperature
    return cross_entropy(logits, logits.new_zeros(len(logits), dtype=torch.long), reduction="none")
