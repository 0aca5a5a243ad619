"""Matches to look at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from medssl.data.displacements import read_displacement, true_partner
from medssl.data.match_table import load_matches, source_id
from medssl.data.reading import read_image

__all__ = ["MatchExample", "match_examples"]


class MatchExample(NamedTuple):
    """One match of a point, with both volumes.

    Args:
        images: the patient's and the partner's volume, ``(*S)`` each.
        affines: of both, voxel index to RAS world position in mm, ``(4, 4)``.
        points_mm: the point and the one matched to it, RAS world positions, ``(2, 3)``.
        caption: what to write beside it.
        true_mm: where the match ought to lie, ``(3,)``; None if that is not known.
    """

    images: tuple[np.ndarray, np.ndarray]
    affines: tuple[np.ndarray, np.ndarray]
    points_mm: np.ndarray
    caption: str
    true_mm: np.ndarray | None = None


def match_examples(cases: Sequence[Mapping[str, Any]], matches_dir: str, *, count: int = 4) -> list[MatchExample]:
    """Matches of one patient in one partner, from head to foot.

    Of all pairs of cases, the one with most matches is shown, preferably one whose true correspondence is known.

    Args:
        cases: what :func:`stored_cases` gives.
        matches_dir: where :func:`match_volumes` wrote.
        count: most matches, evenly chosen by their height.
    """
    known = {source_id(str(case["image"])): case for case in cases}
    rows = [row for row in load_matches(matches_dir)["rows"] if {row["case"], row["partner"]} <= known.keys()]
    tally = Counter((row["case"], row["partner"]) for row in rows)
    if not tally:
        return []
    names = max(tally, key=lambda pair: (all("displacement" in known[name] for name in pair), tally[pair]))
    own = sorted((row for row in rows if (row["case"], row["partner"]) == names), key=lambda row: -row["pair_mm"][0, 2])
    chosen = [own[place] for place in np.linspace(0, len(own) - 1, min(count, len(own))).round().astype(int)]
    return _examples(chosen, [known[name] for name in names])


def _examples(rows: Sequence[Mapping[str, Any]], pair: Sequence[Mapping[str, Any]]) -> list[MatchExample]:
    volumes = [read_image(case["image"]) for case in pair]
    images, affines = ([each.numpy() for each in every] for every in zip(*volumes, strict=True))
    truth = np.full((len(rows), 3), np.nan)
    if all("displacement" in case for case in pair):
        source, target = (read_displacement(case["displacement"]) for case in pair)
        truth = true_partner(np.stack([row["pair_mm"][0] for row in rows]), source, target=target)
    return [
        MatchExample(
            (images[0][0], images[1][0]),
            (affines[0], affines[1]),
            row["pair_mm"],
            _caption(row, place),
            place if np.isfinite(place).all() else None,
        )
        for row, place in zip(rows, truth, strict=True)
    ]


def _caption(row: Mapping[str, Any], truth: np.ndarray) -> str:
    text = f"score {row['score']:.2f}\nround trip {row['round_trip_mm']:.0f} mm"
    error = float(np.linalg.norm(row["pair_mm"][1] - truth))
    return text if np.isnan(error) else f"{text}\nerror {error:.0f} mm"
