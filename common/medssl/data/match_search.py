"""Which points of a volume are matched, and which of the matches are kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest
from typing import Any, Literal, get_args

import numpy as np

from medssl.data.matching import Embedded, Grid, NormalisedPlace, SamePatient, match_points
from medssl.data.stored_volume import open_stored, read_stored

__all__ = ["MatchSearch", "foreground_points"]

Pairing = Literal["embeddings", "place", "same_patient"]


@dataclass(frozen=True)
class MatchSearch:
    """Finds points of a volume that have a counterpart in volumes of other patients.

    Points are drawn in the body and matched into a few partners, all of a partner at once. A match is kept if it is
    similar enough and leads back, matched the other way round, to about where it came from. A network that was never
    trained finds everything similar to everything, so the way back is the test that counts.

    Args:
        points: most matches of a volume, spread over its partners.
        partners: most partners of a volume. About as many volumes and one are in memory together.
        max_tries: points drawn for each partner.
        min_score: similarity that a match must exceed, in [-1, 1).
        max_round_trip_mm: distance from the point below which the way back must end.
        foreground_hu: points are drawn above this value; ``percentiles`` for the volume's 1st percentile.
        margin: voxels at the lower and at the upper end of each axis in which no point is drawn.
        pairing: ``embeddings``; or, to tell what these are worth, ``place`` for the same relative position in another
            patient, ``same_patient`` for nearly the same point of the same volume. These two are kept untested.
        jitter_mm: farthest move along each axis between points of the same volume, 0 or more.
        seed: start of all draws, 0 or more.

    Raises:
        ValueError: if a setting lies outside its range.

    Source:
        Jiang et al., Anatomical Invariance Modeling and Semantic Alignment for Self-supervised Learning in 3D Medical
        Image Analysis, ICCV 2023, and its published program; the way back is ours.
    """

    points: int = 64
    partners: int = 8
    max_tries: int = 101
    min_score: float = 0.7
    max_round_trip_mm: float = 8.0
    foreground_hu: float | str = -125.0
    margin: Sequence[int] = (0, 10)
    pairing: Pairing = "embeddings"
    jitter_mm: float = 8.0
    seed: int = 0

    def __post_init__(self) -> None:
        if min(self.points, self.partners, self.max_tries) < 1 or self.seed < 0:
            raise ValueError(
                "MatchSearch needs points, partners and max_tries of 1 or more and a seed of 0 or more, "
                f"got {self.points}, {self.partners}, {self.max_tries} and {self.seed}."
            )
        if len(self.margin) != 2 or min(self.margin) < 0:
            raise ValueError(f"MatchSearch needs two margins of 0 voxels or more, got {list(self.margin)}.")
        if isinstance(self.foreground_hu, str) and self.foreground_hu != "percentiles":
            raise ValueError(f"foreground_hu is a value or 'percentiles', got {self.foreground_hu!r}.")
        if not -1 <= self.min_score < 1 or not self.max_round_trip_mm > 0:
            raise ValueError(
                "MatchSearch needs a min_score in [-1, 1) and a max_round_trip_mm above 0, "
                f"got {self.min_score:g} and {self.max_round_trip_mm:g}."
            )
        if self.pairing not in get_args(Pairing):
            raise ValueError(f"pairing is one of {list(get_args(Pairing))}, got {self.pairing!r}; choose one.")
        SamePatient(self.jitter_mm)

    def rows(
        self, pairs: Sequence[tuple[int, int]], volumes: Sequence[Embedded | Grid], *, paths: Sequence[str]
    ) -> tuple[list[dict[str, Any]], Counter]:
        """Match one group of volumes.

        Args:
            pairs: volumes and their partners, by number; those of one volume follow each other.
            volumes: each of the group is asked for once.
            paths: the stored volumes, where points are drawn.

        Returns:
            Matches ``{"volume", "partner", "pair_mm", "score", "round_trip_mm"}``, and how many points were ``tried``,
            were ``similar`` enough, and were ``kept``.
        """
        placed = {row: _ready(volumes[row]) for row in sorted({*chain(*pairs)})}
        tally: Counter = Counter()
        rows = []
        for row in dict.fromkeys(row for row, _ in pairs):
            partners = [partner for source, partner in pairs if source == row]
            drawn = self.draw(paths[row], (row, *partners))
            found = [
                list(self._matches((row, partner), placed, points_mm=points, tally=tally))
                for partner, points in zip(partners, drawn, strict=False)
            ]
            rows += [match for match in chain(*zip_longest(*found)) if match][: self.points]  # from each in turn
        return rows, tally

    def draw(self, path: str, rows: tuple[int, ...]) -> np.ndarray:
        """Draw points in a volume, others for each partner.

        Args:
            path: the stored volume.
            rows: numbers of the volume and of its partners, which decide the draws.

        Returns:
            RAS world positions in mm, ``(partners, max_tries, 3)``; none if nothing lies above ``foreground_hu``.
        """
        stored = open_stored(path)
        facts = dict(stored.vlmeta.getall())
        above = facts["percentiles"][0] if isinstance(self.foreground_hu, str) else self.foreground_hu
        wanted = (len(rows) - 1) * self.max_tries
        generator = np.random.default_rng([self.seed, *rows])
        voxels = foreground_points(read_stored(stored)[0], wanted, above=above, margin=self.margin, generator=generator)
        affine = np.asarray(facts["affine"])
        return (voxels @ affine[:3, :3].T + affine[:3, 3]).reshape(-1, self.max_tries, 3)

    def _matches(
        self, pair: tuple[int, int], placed: Mapping[int, Any], *, points_mm: np.ndarray, tally: Counter
    ) -> Iterator[dict[str, Any]]:
        source, target = (placed[row] for row in pair)
        found, score = self._match(source, points_mm, target=target)
        back, _ = self._match(target, found, target=source)
        length = np.linalg.norm(back - points_mm, axis=1)
        untested = self.pairing != "embeddings"
        similar = (score > self.min_score) | untested
        kept = similar & ((length < self.max_round_trip_mm) | untested)
        tally.update(tried=len(kept), similar=int(similar.sum()), kept=int(kept.sum()))
        for number in np.flatnonzero(kept):
            yield {
                "volume": pair[0],
                "partner": pair[1],
                "pair_mm": np.stack([points_mm[number], found[number]]).round(2).tolist(),
                "score": round(float(score[number]), 4),
                "round_trip_mm": round(float(length[number]), 2),
            }

    def _match(self, source: Any, points_mm: np.ndarray, *, target: Any) -> tuple[np.ndarray, np.ndarray]:
        if self.pairing == "embeddings":
            return match_points(source, points_mm, target=target)
        matcher = NormalisedPlace() if self.pairing == "place" else SamePatient(self.jitter_mm, self.seed)
        return matcher(source, points_mm, target=target)


def foreground_points(
    values: np.ndarray, number: int, *, above: float, margin: Sequence[int], generator: np.random.Generator
) -> np.ndarray:
    """Draw voxels of the body, each as likely as any other.

    Args:
        values: of a volume, ``(X, Y, Z)``.
        number: how many to draw; a voxel may be drawn twice.
        above: values above it belong to the body.
        margin: voxels at the lower and at the upper end of each axis that are passed over.
        generator: what draws.

    Returns:
        Indices, ``(number, 3)``, or ``(0, 3)`` if there is no such voxel.
    """
    low, high = margin
    inner = values[tuple(slice(low, max(edge - high, 0)) for edge in values.shape)]
    body = np.flatnonzero(inner > above)
    if len(body) == 0:
        return np.empty((0, values.ndim), np.int64)
    return np.stack(np.unravel_index(generator.choice(body, number), inner.shape), axis=1) + low


def _ready(volume: Embedded | Grid) -> Embedded | Grid:
    return volume.on_one_grid() if isinstance(volume, Embedded) else volume
