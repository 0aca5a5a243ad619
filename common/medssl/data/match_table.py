"""Matched points of a cohort on disk: found group by group, a few kilobytes a case."""

from __future__ import annotations

import hashlib
import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from medssl.data.match_groups import pair_groups
from medssl.data.match_search import MatchSearch
from medssl.data.matching import Grid
from medssl.data.processes import place_among_processes, wait_for_all
from medssl.data.records import read_json, write_json
from medssl.data.rows import read_rows, write_rows
from medssl.data.stored_volume import open_stored

__all__ = ["load_matches", "match_volumes", "place_matches", "same_patient_matches", "source_id"]

logger = logging.getLogger(__name__)
TABLE, FACTS, PLAN, GROUPS = "matches.csv", "matches.json", "plan.json", "group_{:05d}.json"
LOW_SHARE = 0.4  # of the points tried
PLACES = ("x_mm", "y_mm", "z_mm", "partner_x_mm", "partner_y_mm", "partner_z_mm")
COMMAND = "python -m monai.bundle run --config_file configs/match.json --dataset_dir DIR"

Split = Mapping[str, Sequence[dict[str, Any]]]


def match_volumes(
    volumes: Sequence[Any], cases: Split, *, search: MatchSearch, matches_dir: str, facts: Mapping[str, Any]
) -> Path:
    """Match points of every case into others and write down where they are found.

    Every volume is asked for once, and the matches of a group are on disk before the next group is read. A run that was
    cut off continues; a finished table of the same images, embeddings and settings is left alone; another one is
    replaced. Cases without a match are counted and left out. Of several processes the first does all of it, and the
    others wait.

    Args:
        volumes: :class:`Embedded` volumes of the training cases, then of the validation cases.
        cases: what :func:`split_cases` gives, prepared by :func:`stored_cases`.
        search: how to match.
        matches_dir: folder of the results: ``matches.csv`` with a row a match, ``matches.json`` with how it was made.
        facts: what else decides the matches, also written down: ``data_hash`` and, of the embeddings, a digest and
            how they were trained.

    Returns:
        The path of ``matches.csv``.

    Raises:
        ValueError: if volumes and cases differ in number, training has one patient, or no case has a match.
    """
    number, folder = len(cases["train"]) + len(cases["val"]), Path(matches_dir)
    if len(volumes) != number:
        raise ValueError(f"Matching needs a volume for each case, got {len(volumes)} for {number} cases.")
    if place_among_processes()[0] == 0:
        _match(volumes, cases, search=search, folder=folder, facts=facts)
    wait_for_all()
    return folder / TABLE


def place_matches(cases: Split, *, search: MatchSearch, matches_dir: str, facts: Mapping[str, Any]) -> Path:
    """Write the same relative positions in other patients as :func:`match_volumes` writes matches; no network."""
    search = replace(search, pairing="place")
    return match_volumes(_Grids(cases), cases, search=search, matches_dir=matches_dir, facts=facts)


def same_patient_matches(cases: Split, *, search: MatchSearch, matches_dir: str, facts: Mapping[str, Any]) -> Path:
    """Write nearly the same points of the same volumes as :func:`match_volumes` writes matches; no network."""
    search = replace(search, pairing="same_patient")
    return match_volumes(_Grids(cases), cases, search=search, matches_dir=matches_dir, facts=facts)


def load_matches(matches_dir: str, data_hash: str = "none_given") -> dict[str, Any]:
    """A finished table of matches.

    Args:
        matches_dir: where :func:`match_volumes` wrote.
        data_hash: which images they must have been found in; ``none_given`` for any.

    Returns:
        What ``matches.json`` holds: ``key`` (another one for every other table), ``data_hash``, ``settings``,
        ``counts``; and ``rows``: ``case`` and ``partner`` (see :func:`source_id`), ``pair_mm`` (both points in RAS mm,
        ``(2, 3)``), ``score``, ``round_trip_mm``.

    Raises:
        ValueError: if there is no table, or it was made from other images.
    """
    folder = Path(matches_dir)
    page = _recorded(folder / FACTS)
    if not page or not (folder / TABLE).is_file():
        raise ValueError(f"There are no finished matches in {folder.name}; find them first:\n{COMMAND}")
    if data_hash not in ("none_given", page.get("data_hash")):
        raise ValueError(
            f"The matches in {folder.name} were found in other images (hash {str(page.get('data_hash'))[:8]}, these "
            f"have {data_hash[:8]}); find them anew:\n{COMMAND}"
        )
    rows = [
        {
            "case": row["case"],
            "partner": row["partner"],
            "pair_mm": np.array([float(row[name]) for name in PLACES]).reshape(2, 3),
            "score": float(row["score"]),
            "round_trip_mm": float(row["round_trip_mm"]),
        }
        for row in read_rows(folder / TABLE)
    ]
    return {**page, "rows": rows}


def source_id(path: str) -> str:
    """By what the image of a stored volume is called in tables: a digest of its bytes, whatever its name and place.

    Args:
        path: of the stored volume.

    Raises:
        ValueError: if it was not written by :func:`stored_cases`.
    """
    stored = open_stored(path) if path.endswith(".b2nd") else None
    source = stored.vlmeta.get("source", "") if stored is not None else ""  # which must not outlive what it is of
    if not source:
        raise ValueError(
            f"Matching needs prepared volumes, {Path(path).name} is none; name a folder for the store, a new one if "
            "this one is older."
        )
    return str(source)[:16]


def _match(
    volumes: Sequence[Any], cases: Split, *, search: MatchSearch, folder: Path, facts: Mapping[str, Any]
) -> None:
    paths = [str(case["image"]) for case in [*cases["train"], *cases["val"]]]
    ids = [source_id(path) for path in paths]
    groups = _groups(cases, search)
    key = hashlib.sha256(repr((search, sorted(facts.items()), ids, groups)).encode()).hexdigest()
    if _recorded(folder / FACTS).get("key") == key:
        logger.info("%s has the matches of these images and settings already; nothing to do.", folder.name)
        return
    _prepare(folder, key)
    for number, pairs in enumerate(groups):
        if not (folder / GROUPS.format(number)).exists():
            rows, tally = search.rows(pairs, volumes, paths=paths)
            write_json(folder / GROUPS.format(number), {"rows": rows, "tally": tally})
            logger.info("matches: group %d of %d, %d points.", number + 1, len(groups), len(rows))
    _finish(folder, ids, search=search, page={"key": key, **facts})


class _Grids(Sequence):
    def __init__(self, cases: Split) -> None:
        self.paths = [str(case["image"]) for case in [*cases["train"], *cases["val"]]]

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: Any) -> Any:
        stored = open_stored(self.paths[index])
        return Grid(np.asarray(stored.vlmeta["affine"]), tuple(stored.shape[1:]))


def _groups(cases: Split, search: MatchSearch) -> list[list[tuple[int, int]]]:
    patients = [case["patient"] for case in [*cases["train"], *cases["val"]]]
    if search.pairing == "same_patient":
        return [[(row, row)] for row in range(len(patients))]
    training = len(cases["train"])
    splits = ["train"] * training + ["val"] * (len(patients) - training)
    groups = pair_groups(patients, splits, partners=search.partners, seed=search.seed)
    lent = {row for pairs in groups for row, partner in pairs if row >= training > partner}
    if lent:
        logger.warning("%d validation cases are of one patient; their partners are training patients.", len(lent))
    return groups


def _recorded(path: Path) -> dict[str, Any]:
    return read_json(path) if path.is_file() else {}


def _prepare(folder: Path, key: str) -> None:
    if (folder / FACTS).exists():
        logger.warning("%s holds matches of other images or settings; they are replaced.", folder.name)
    if _recorded(folder / PLAN).get("key") != key:
        for path in (folder / FACTS, folder / TABLE, *folder.glob("group_*.json")):
            path.unlink(missing_ok=True)
        write_json(folder / PLAN, {"key": key})


def _finish(folder: Path, ids: Sequence[str], *, search: MatchSearch, page: dict[str, Any]) -> None:
    drafts = sorted(folder.glob("group_*.json"))
    groups = [read_json(path) for path in drafts]
    rows = [row for group in groups for row in group["rows"]]
    tally = sum((Counter(group["tally"]) for group in groups), Counter())
    found = Counter(row["volume"] for row in rows)
    counts = {
        "cases": len(ids),
        "without_match": len(ids) - len(found),
        "with_fewer_points": sum(number < search.points for number in found.values()),
        "rows": len(rows),
        **{name: tally[name] for name in ("tried", "similar", "kept")},
    }
    logger.info(
        "matches: %d points in %d of %d cases, %d of them with fewer than %d; %d cases have none and are left out. "
        "Of %d points tried, %d were similar enough, and %d of these led back.",
        len(rows), len(found), len(ids), counts["with_fewer_points"], search.points, counts["without_match"],
        tally["tried"], tally["similar"], tally["kept"],
    )  # fmt: skip
    if not rows:
        raise ValueError(
            f"No case has a match: of {tally['tried']} points tried, {tally['similar']} scored above "
            f"{search.min_score:g}, and none of these led back to within {search.max_round_trip_mm:g} mm; train the "
            "embeddings longer, or change min_score, max_round_trip_mm or foreground_hu."
        )
    if tally["kept"] < LOW_SHARE * tally["tried"]:
        logger.warning(
            "only %.0f %% of the points tried led back, hardly more than without any training; train the embeddings "
            "longer, or look whether the volumes show the same parts of the body.",
            100 * tally["kept"] / tally["tried"],
        )
    medians = {name: float(np.median([row[name] for row in rows])) for name in ("score", "round_trip_mm")}
    write_rows(folder / TABLE, [_written(row, ids) for row in rows])
    write_json(folder / FACTS, {**page, "settings": asdict(search), "counts": counts, "medians": medians})
    for path in (folder / PLAN, *drafts):
        path.unlink()


def _written(row: dict[str, Any], ids: Sequence[str]) -> dict[str, Any]:
    places = dict(zip(PLACES, np.ravel(row["pair_mm"]).tolist(), strict=True))
    named = {"case": ids[row["volume"]], "partner": ids[row["partner"]]}
    return {**named, **places, "score": row["score"], "round_trip_mm": row["round_trip_mm"]}
