"""Discovered patterns on disk: written patient by patient, read one cube at a time."""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from medssl.data.discovery import Cohort, SelfDiscovery
from medssl.data.patterns import cut_cube
from medssl.data.records import read_json, write_json

__all__ = ["PatternCubes", "discover_patterns", "gallery_cubes", "load_patterns"]

logger = logging.getLogger(__name__)
FILES = {"train": "train.npy", "val": "validation.npy"}
TABLE, PLAN, PROGRESS = "patterns.json", "plan.json", "progress.json"
COMMAND = "python -m monai.bundle run --config_file configs/discover.json --dataset_dir DIR"


def discover_patterns(discovery: SelfDiscovery, cohort: Cohort, *, patterns_dir: str) -> Path:
    """Discover patterns and write their cubes and their table.

    Every volume is read once for cutting, and its cubes are on disk before the next is read. A run that was cut off
    continues; a finished table of the same images, features and settings is left alone; another one is replaced.

    Args:
        discovery: which patterns to look for.
        cohort: where to look.
        patterns_dir: folder of the results: ``train.npy`` and ``validation.npy`` with cubes ``(n, X, Y, D)`` in half
            precision, and ``patterns.json`` with a row a cube in the same order.

    Returns:
        The path of ``patterns.json``.
    """
    folder = Path(patterns_dir)
    key = _key(discovery, cohort)
    if _recorded(folder / TABLE).get("key") == key:
        logger.info("%s has the patterns of these images and settings already; nothing to do.", folder.name)
        return folder / TABLE
    plan = _recorded(folder / PLAN)
    if plan.get("key") != key:
        if (folder / TABLE).exists():
            logger.warning("%s holds patterns of other images or settings; they are replaced.", folder.name)
        plan = {"key": key, "data_hash": cohort.data_hash, **discovery.plan(cohort)}
        _prepare(folder, plan)
    _cut_all(folder, plan, cohort=cohort)
    for name in FILES.values():
        if _draft(folder, name).exists():
            os.replace(_draft(folder, name), folder / name)
    write_json(folder / TABLE, plan)
    for name in (PLAN, PROGRESS):
        (folder / name).unlink(missing_ok=True)
    counts = {split: len(_rows(plan, split)) for split in FILES}
    logger.info(
        "patterns: %d classes, %d cubes and %d for validation.", plan["classes"], counts["train"], counts["val"]
    )
    return folder / TABLE


def load_patterns(patterns_dir: str, data_hash: str = "none_given") -> dict[str, Any]:
    """The table of discovered patterns, see :meth:`SelfDiscovery.plan`.

    Args:
        patterns_dir: where :func:`discover_patterns` wrote.
        data_hash: which images they must have been made from; ``none_given`` for any.

    Raises:
        ValueError: if there is no table, or it was made from other images.
    """
    table = _recorded(Path(patterns_dir) / TABLE)
    if not table:
        raise ValueError(
            f"There are no finished patterns in {Path(patterns_dir).name}; discover them first:\n{COMMAND}"
        )
    if data_hash not in ("none_given", table["data_hash"]):
        raise ValueError(
            f"The patterns in {Path(patterns_dir).name} were made from other images (hash {table['data_hash'][:8]}, "
            f"these have {data_hash[:8]}); discover them anew:\n{COMMAND}"
        )
    return table


class PatternCubes(Sequence):
    """The discovered cubes of one split, read from disk as they are asked for.

    Args:
        patterns_dir: where :func:`discover_patterns` wrote.
        split: ``train`` or ``val``.
        data_hash: which images they must have been made from; ``none_given`` for any.

    Shape:
        Items are ``{"image": (1, X, Y, D), "pattern": int}``, float32 in [0, 1].

    Attributes:
        num_classes: number of classes, in both splits together.
        patterns: class of every cube.

    Raises:
        ValueError: if there are no such patterns, or no such split.
    """

    def __init__(self, patterns_dir: str, split: str = "train", *, data_hash: str = "none_given") -> None:
        if split not in FILES:
            raise ValueError(f"split is one of {list(FILES)}, got {split!r}.")
        table = load_patterns(patterns_dir, data_hash)
        self.path = str(Path(patterns_dir) / FILES[split])
        self.num_classes = int(table["classes"])
        self.patterns = [int(row["class"]) for row in _rows(table, split)]
        self._cubes: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.patterns)

    def __getitem__(self, index: Any) -> Any:
        index = range(len(self))[index]
        if self._cubes is None:
            self._cubes = np.load(self.path, mmap_mode="r")
        return {"image": self._cubes[index][None].astype(np.float32), "pattern": self.patterns[index]}

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_cubes": None}


def gallery_cubes(patterns_dir: str, *, classes: int = 8, patients: int = 6) -> list[list[np.ndarray]]:
    """Exact training cubes of some classes, the reference first, then its neighbours from near to far.

    Args:
        patterns_dir: where :func:`discover_patterns` wrote.
        classes: most classes to show, evenly chosen.
        patients: most patients a class, evenly chosen.

    Returns:
        For every class its cubes ``(X, Y, D)``, float32.
    """
    table, cubes = load_patterns(patterns_dir), PatternCubes(patterns_dir)
    exact: dict[int, list[int]] = {}
    for number, row in enumerate(_rows(table, "train")):
        if row["resolution"] == 0:
            exact.setdefault(row["class"], []).append(number)
    chosen = [exact[number] for number in _spread(sorted(exact), classes)]
    return [[cubes[number]["image"][0] for number in _spread(numbers, patients)] for numbers in chosen]


def _spread(items: list[int], most: int) -> list[int]:
    return [items[place] for place in np.linspace(0, len(items) - 1, min(most, len(items))).round().astype(int)]


def _rows(table: dict[str, Any], split: str) -> list[dict[str, Any]]:
    return [row for row in table["cubes"] if row["split"] == split]


def _recorded(path: Path) -> dict[str, Any]:
    return read_json(path) if path.is_file() else {}


def _draft(folder: Path, name: str) -> Path:
    return folder / f"{name}.part"


def _key(discovery: SelfDiscovery, cohort: Cohort) -> str:
    text = repr((discovery, cohort.data_hash, cohort.patients, cohort.splits))
    return hashlib.sha256(text.encode() + cohort.features.tobytes()).hexdigest()


def _prepare(folder: Path, plan: dict[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in (TABLE, PROGRESS):
        (folder / name).unlink(missing_ok=True)
    for split, name in FILES.items():
        shape = (len(_rows(plan, split)), *plan["settings"]["cube"])
        np.lib.format.open_memmap(_draft(folder, name), mode="w+", dtype=np.float16, shape=shape)
    write_json(folder / PLAN, plan)


def _cut_all(folder: Path, plan: dict[str, Any], *, cohort: Cohort) -> None:
    done: list[int] = _recorded(folder / PROGRESS).get("volumes", [])
    wanted = sorted({row["volume"] for row in plan["cubes"]})
    if done:
        logger.info("patterns: continuing, %d of %d volumes are cut.", len(done), len(wanted))
    for row in sorted(set(wanted) - set(done)):
        volume = cohort.volume(row)
        for split, name in FILES.items():
            _cut_volume(_draft(folder, name), volume, row=row, rows=_rows(plan, split), cube=plan["settings"]["cube"])
        done = [*done, row]
        write_json(folder / PROGRESS, {"volumes": done})
        logger.info("patterns: cut volume %d of %d.", len(done), len(wanted))


def _cut_volume(path: Path, volume: np.ndarray, *, row: int, rows: list[dict], cube: Sequence[int]) -> None:
    mine = [number for number, facts in enumerate(rows) if facts["volume"] == row]
    if mine:
        cubes = np.lib.format.open_memmap(path, mode="r+")
        for number in mine:
            cubes[number] = cut_cube(volume, rows[number]["corner"], size=rows[number]["size"], cube=cube)
        cubes.flush()
