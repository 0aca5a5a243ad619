"""How far matched points lie from the true ones, where these are known."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from medssl.data import (
    Embedded,
    Grid,
    MatchSearch,
    NormalisedPlace,
    match_points,
    open_stored,
    read_displacement,
    true_partner,
    write_json,
)

__all__ = ["measure_matches"]

logger = logging.getLogger(__name__)

PARTNERS = 2


class Trial(NamedTuple):
    """Points of one patient, and where another one shows the same tissue."""

    pair: tuple[int, int]
    source: Grid
    target: Grid
    points_mm: np.ndarray
    truth_mm: np.ndarray


def measure_matches(
    embeddings: Mapping[str, Sequence[Embedded]],
    cases: Sequence[Mapping[str, Any]],
    *,
    search: MatchSearch,
    path: str,
    points: int = 200,
) -> dict[str, Any]:
    """Match points of patients whose true correspondence is known, and measure how far off the matches are.

    Two answers that look at no image stand beside them: the same voxel index, and the same relative place in the
    volume. Writes the numbers as JSON and logs them as a table; without two such patients there is only a line in the
    log.

    Args:
        embeddings: by a name for the table, embedded volumes, one for each case.
        cases: with the stored volumes that were embedded; those with a ``displacement`` take part, see
            :func:`medssl.data.read_displacement`.
        search: where points are drawn, and which matches would be kept.
        path: the JSON.
        points: points a pair of patients, among those that the partner shows too. Each patient is matched with the
            following two.

    Returns:
        What is written: counts, the settings, and by name ``median_mm``, ``mean_mm`` and ``p95_mm`` of all points and,
        under ``kept``, of those that would be kept, with their ``share``.

    Source:
        Yan et al., SAM: Self-supervised Learning of Pixel-wise Anatomical Embeddings, TMI 2022: matching error; the
        round trip is ours.
    """
    known = [number for number, case in enumerate(cases) if "displacement" in case]
    if len(known) < 2:
        logger.info("match error: not measured, %d of %d cases have a known displacement.", len(known), len(cases))
        return {}
    steps = range(1, min(PARTNERS, len(known) - 1) + 1)
    pairs = [(one, known[(place + step) % len(known)]) for place, one in enumerate(known) for step in steps]
    trials = [_trial(cases, pair, search=search, points=points) for pair in pairs]
    counts = {"patients": len(known), "pairs": len(pairs), "points": sum(len(trial.points_mm) for trial in trials)}
    if not counts["points"]:
        logger.info("match error: not measured, no patient shows tissue that the next one shows too.")
        return {}
    methods = {name: _by_embedding(trials, volumes, search=search) for name, volumes in embeddings.items()}
    methods |= {"same index": _by_place(trials, _same_index), "same place": _by_place(trials, NormalisedPlace())}
    page = {"counts": counts, "settings": asdict(search), "methods": methods}
    write_json(Path(path), page)
    logger.info("%s", _table(counts, methods))
    return page


def _trial(cases: Sequence[Mapping[str, Any]], pair: tuple[int, int], *, search: MatchSearch, points: int) -> Trial:
    """Draw points of one patient that the other shows too."""
    paths = [str(cases[number]["image"]) for number in pair]
    points_mm = replace(search, max_tries=4 * points).draw(paths[0], pair).reshape(-1, 3)
    fields = [read_displacement(cases[number]["displacement"]) for number in pair]
    truth = true_partner(points_mm, fields[0], target=fields[1])
    shown = np.isfinite(truth).all(axis=1)  # some lie beyond the partner's field of view
    source, target = (_grid(path) for path in paths)
    return Trial(pair, source, target, points_mm[shown][:points], truth[shown][:points])


def _grid(path: str) -> Grid:
    stored = open_stored(path)
    return Grid(np.asarray(stored.vlmeta["affine"]), tuple(stored.shape[1:]))


def _by_embedding(trials: Sequence[Trial], volumes: Sequence[Embedded], *, search: MatchSearch) -> dict[str, Any]:
    errors, kept = [], []
    for trial in trials:
        source, target = (volumes[number].on_one_grid() for number in trial.pair)
        places, score = match_points(source, trial.points_mm, target=target)
        back, _ = match_points(target, places, target=source)
        round_trip = np.linalg.norm(back - trial.points_mm, axis=1)
        errors.append(np.linalg.norm(places - trial.truth_mm, axis=1))
        kept.append((score > search.min_score) & (round_trip < search.max_round_trip_mm))
    every, good = np.concatenate(errors), np.concatenate(kept)
    return {**_numbers(every), "kept": {"share": round(float(good.mean()), 3), **_numbers(every[good])}}


def _by_place(trials: Sequence[Trial], place: Callable[..., Any]) -> dict[str, Any]:
    found = [place(trial.source, trial.points_mm, target=trial.target)[0] - trial.truth_mm for trial in trials]
    return _numbers(np.linalg.norm(np.concatenate(found), axis=1))


def _same_index(source: Grid, points_mm: np.ndarray, *, target: Grid) -> tuple[np.ndarray, None]:
    step = target.affine @ np.linalg.inv(source.affine)
    return points_mm @ step[:3, :3].T + step[:3, 3], None


def _numbers(errors: np.ndarray) -> dict[str, float]:
    if not len(errors):
        return {}
    found = {"median_mm": np.median(errors), "mean_mm": errors.mean(), "p95_mm": np.percentile(errors, 95)}
    return {name: round(float(value), 2) for name, value in found.items()}


def _table(counts: Mapping[str, int], methods: Mapping[str, Mapping[str, Any]]) -> str:
    head = "match error in mm, {points} points of {patients} patients".format(**counts)
    names = [f"{name:12}" for name in ("matched by", "median", "mean", "95 %", "share kept", "median", "mean", "95 %")]
    lines = [head, "".join(names)]
    for name, numbers in methods.items():
        kept = numbers.get("kept", {})
        cells = [numbers.get(word) for word in ("median_mm", "mean_mm", "p95_mm")]
        cells += [kept.get(word) for word in ("share", "median_mm", "mean_mm", "p95_mm")]
        lines.append("".join(f"{cell:<12}" for cell in [name, *("" if c is None else f"{c:.2f}" for c in cells)]))
    return "\n".join(line.rstrip() for line in lines)
