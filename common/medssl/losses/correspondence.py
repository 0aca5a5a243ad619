"""Embeddings of one place alike in two views, those of other places apart, finely and coarsely."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, normalize

from medssl.losses.cells import Cells, HardNegatives, contrast, some_of
from medssl.losses.weighted import WeightedLoss

__all__ = ["CoarseCorrespondence", "CorrespondenceLoss", "FineCorrespondence"]

MODES = {2: "bilinear", 3: "trilinear"}
CHUNK = 256  # candidates looked at before asking whether there are enough


class FineCorrespondence(nn.Module):
    """How hard it is to find the cell of the other view that shows the same place, among those that look like it.

    Cells of one view, drawn where both views show something, look for the cell of the other view that is nearest in
    millimetres. A random part of the hardest other cells of both views counts against it: those most similar by both
    embeddings together, but for a neighbourhood of the place. Of views that show nothing in common, cells of the first
    one are told from each other.

    Args:
        positive_mm: how near the nearest cell must be, > 0.
        ignore_mm: how far around a place no cell counts against it, > 0.
        candidates: places looked at in each view.
        queries: places used of them, at most.
        hard: how many of the most similar cells to draw from.
        keep: how many of those to draw.
        temperature: divides the similarities, > 0.

    Shape:
        Fine embeddings of pairs of views ``(N, 2, E, *F)``, coarse ones ``(N, 2, E, *G)``, both of unit length; where
        the fine cells lie in mm, ``(N, 2, D, *F)``, NaN for cells to leave out; a scalar out, 0 where there is nothing
        to compare.

    Raises:
        ValueError: if a length or the temperature is not above 0, or more are to be kept than drawn from.

    Source:
        Yan et al., SAM: Self-supervised Learning of Pixel-wise Anatomical Embeddings, TMI 2022: local loss with
        hard and diverse negatives; values of the published weights.
    """

    def __init__(
        self,
        *,
        positive_mm: float = 2.0,
        ignore_mm: float = 20.0,
        candidates: int = 2000,
        queries: int = 100,
        hard: int = 2000,
        keep: int = 500,
        temperature: float = 0.5,
    ) -> None:
        super().__init__()
        _check(type(self).__name__, (positive_mm, ignore_mm, temperature), drawn=(hard, keep))
        self.positive_mm, self.temperature = positive_mm, temperature
        self.candidates, self.queries = candidates, queries
        self.negatives = HardNegatives(ignore_mm, hard, keep)
        self.alone = HardNegatives(ignore_mm, keep, keep)

    def forward(self, fine: Tensor, coarse: Tensor, places: Tensor) -> Tensor:
        with torch.autocast(fine.device.type, enabled=False):
            fine = fine.float()
            ranking = torch.cat([fine.detach(), _enlarged(coarse.detach().float(), fine.shape[3:])], dim=2)
            rows = [self._rows(*views) for views in _views(fine, places, ranking=ranking)]
        return _mean(rows, fine)

    def _rows(self, first: Cells, second: Cells) -> Tensor:
        cells, start = first.with_others(second), len(first.places)
        if first.are_apart(second):
            cells = first._replace(ranking=first.embedding)
            chosen = partners = some_of(torch.arange(start, device=first.places.device), self.queries)
            negatives = self.alone.draw(cells, chosen)
        else:
            (one, its), (other, others) = self._queries(first, second), self._queries(second, first)
            chosen, partners = torch.cat([one, other + start]), torch.cat([its + start, others])
            negatives = self.negatives.draw(cells, chosen)
        columns = torch.cat([partners[:, None], negatives], dim=1)
        return contrast([cells.similarity(chosen, columns)], self.temperature)

    def _queries(self, view: Cells, other: Cells) -> tuple[Tensor, Tensor]:
        """Cells of one view that the other one shows too, and the nearest cells there."""
        inside = view.inside(other)
        if len(inside) > self.queries:
            inside = inside[torch.randperm(len(inside), device=inside.device)[: self.candidates]]
        found, partners = [inside[:0]], [inside[:0]]
        for part in inside.split(CHUNK):
            distance, nearest = torch.cdist(view.places[part], other.places).min(1)
            near = distance < self.positive_mm
            found.append(part[near])
            partners.append(nearest[near])
            if sum(map(len, found)) >= self.queries:
                break
        return torch.cat(found)[: self.queries], torch.cat(partners)[: self.queries]


class CoarseCorrespondence(nn.Module):
    """How hard it is to find the coarse cell of the other view that shows the same place, also among other volumes.

    Args:
        positive_mm: how near the nearest cell of the other view must be, > 0.
        positive_z_mm: how near along the last axis, for cells of the first and of the second view, > 0.
        ignore_mm: how far around a place no cell counts against it, > 0. Its partner, if farther away, does.
        hard: how many of the most similar cells of both views to draw from.
        keep: how many of those to draw.
        elsewhere: how many cells of the other volumes of the batch to draw.
        temperature: divides the similarities, > 0.

    Shape:
        Coarse embeddings of pairs of views ``(N, 2, E, *G)``, of unit length; where the cells lie in mm,
        ``(N, 2, D, *G)``, NaN for cells to leave out; a scalar out, 0 where there is nothing to compare.

    Raises:
        ValueError: if a length or the temperature is not above 0, or more are to be kept than drawn from.

    Source:
        Yan et al., SAM: Self-supervised Learning of Pixel-wise Anatomical Embeddings, TMI 2022: global loss; values of
        the published weights, whose second limit along z is 6 mm.
    """

    def __init__(
        self,
        *,
        positive_mm: float = 25.0,
        positive_z_mm: Sequence[float] = (8.0, 8.0),
        ignore_mm: float = 5.0,
        hard: int = 250,
        keep: int = 200,
        elsewhere: int = 1000,
        temperature: float = 0.5,
    ) -> None:
        super().__init__()
        _check(type(self).__name__, (positive_mm, *positive_z_mm, ignore_mm, temperature), drawn=(hard, keep))
        self.positive_mm, self.positive_z_mm = positive_mm, tuple(positive_z_mm)
        self.elsewhere, self.temperature = elsewhere, temperature
        self.negatives = HardNegatives(ignore_mm, hard, keep)
        self.alone = HardNegatives(ignore_mm, keep, keep)

    def forward(self, coarse: Tensor, places: Tensor) -> Tensor:
        with torch.autocast(coarse.device.type, enabled=False):
            coarse = coarse.float()
            pairs = _views(coarse, places, ranking=coarse.detach())
            volumes = [torch.cat([view.embedding for view in pair]) for pair in pairs]
            rows = []
            for index, pair in enumerate(pairs):
                elsewhere = torch.cat([*volumes[:index], *volumes[index + 1 :], volumes[index][:0]])
                rows.append(self._rows(*pair, elsewhere=some_of(elsewhere, self.elsewhere)))
        return _mean(rows, coarse)

    def _rows(self, first: Cells, second: Cells, *, elsewhere: Tensor) -> Tensor:
        cells, start = first.with_others(second), len(first.places)
        if first.are_apart(second):
            chosen = partners = torch.arange(len(cells.places), device=cells.places.device)
            negatives = self.alone.draw(cells, chosen)
        else:
            one, its = self._queries(first, second, limit_mm=self.positive_z_mm[0])
            other, others = self._queries(second, first, limit_mm=self.positive_z_mm[1])
            chosen, partners = torch.cat([one, other + start]), torch.cat([its + start, others])
            negatives = self.negatives.draw(cells, chosen)
        columns = torch.cat([partners[:, None], negatives], dim=1)
        similarities = [cells.similarity(chosen, columns), cells.embedding[chosen] @ elsewhere.T]
        return contrast(similarities, self.temperature)

    def _queries(self, view: Cells, other: Cells, *, limit_mm: float) -> tuple[Tensor, Tensor]:
        """Cells of one view with one of the other view near enough, and the nearest cells there."""
        distance, nearest = torch.cdist(view.places, other.places).min(1)
        along_z = (view.places[:, -1] - other.places[nearest, -1]).abs()
        found = ((distance < self.positive_mm) & (along_z < limit_mm)).nonzero()[:, 0]
        return found, nearest[found]


class CorrespondenceLoss(WeightedLoss):
    """Both losses of anatomical embeddings, added up.

    Args:
        fine: such as :class:`FineCorrespondence`.
        coarse: such as :class:`CoarseCorrespondence`.
        weights: of both, by the keys ``fine`` and ``coarse``, >= 0; 1 each if None.

    Attributes:
        parts: of the last call, each term before its weight, detached.

    Shape:
        Predictions ``{"fine": (N, 2, E, *F), "coarse": (N, 2, E, *G)}`` and where their cells lie in mm,
        ``{"fine": (N, 2, D, *F), "coarse": (N, 2, D, *G)}``; a scalar out.

    Raises:
        ValueError: as :class:`WeightedLoss` does.

    Source:
        Yan et al., SAM: Self-supervised Learning of Pixel-wise Anatomical Embeddings, TMI 2022: sum of both.
    """

    def __init__(self, fine: nn.Module, coarse: nn.Module, *, weights: Mapping[str, float] | None = None) -> None:
        super().__init__({"fine": fine, "coarse": coarse}, weights or {"fine": 1.0, "coarse": 1.0})

    def forward(self, predictions: Mapping[str, Tensor], targets: Mapping[str, Tensor]) -> Tensor:
        fine, coarse = predictions.get("fine"), predictions.get("coarse")
        given = {"fine": (fine, coarse, targets.get("fine")), "coarse": (coarse, targets.get("coarse"))}
        return super().forward(given, targets)


def _views(embedding: Tensor, places: Tensor, *, ranking: Tensor) -> list[list[Cells]]:
    """Cells of both views of each pair."""
    pairs = zip(embedding, places, ranking, strict=True)
    return [[Cells.of_view(*maps[:2], ranking=maps[2]) for maps in zip(*pair, strict=True)] for pair in pairs]


def _enlarged(coarse: Tensor, size: Sequence[int]) -> Tensor:
    """Coarse embeddings on the fine grid, ``(N, 2, E, *G)`` to ``(N, 2, E, *F)``, of unit length again."""
    wide = interpolate(coarse.flatten(0, 1), size=size, mode=MODES[len(size)], align_corners=False)
    return normalize(wide, dim=1).unflatten(0, coarse.shape[:2])


def _mean(rows: Sequence[Tensor], embedding: Tensor) -> Tensor:
    """Mean over rows, then over pairs that have any; 0 with a gradient of 0 if none has."""
    means = [one.mean() for one in rows if len(one)]
    return torch.stack(means).mean() if means else 0 * embedding.sum()


def _check(name: str, above: Sequence[float], *, drawn: tuple[int, int]) -> None:
    if min(above) <= 0:
        raise ValueError(f"{name} needs lengths and a temperature above 0, got {list(above)}.")
    if drawn[1] > drawn[0]:
        raise ValueError(f"{name} needs hard >= keep, got hard={drawn[0]} and keep={drawn[1]}.")
