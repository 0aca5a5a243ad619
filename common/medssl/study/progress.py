"""How far a study is."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from statistics import mean

from medssl.study.comparisons import condition
from medssl.study.grid import Run

__all__ = ["progress"]


def progress(rows: Sequence[Mapping[str, str]], runs: Collection[Run]) -> str:
    """How many runs are done, and how many minutes the trainings of the others take one after the other.

    A run is taken to last as long as the finished ones of its tuning and share of the labels, else as all of them.

    Args:
        rows: of the finished runs.
        runs: all of the study.
    """
    said = f"{len(rows)} of {len(runs)} runs are done"
    done = {(row["init"], *condition(row), row["seed"]) for row in rows}
    minutes: dict[tuple[str, float], list[float]] = {}
    for row in rows:
        if row.get("minutes"):
            minutes.setdefault(condition(row), []).append(float(row["minutes"]))
    every = [number for group in minutes.values() for number in group]
    left = [condition(run.key) for run in runs if (run.init, *condition(run.key), str(run.seed)) not in done]
    if not left or not every:
        return said
    return (
        f"{said}, about {sum(mean(minutes.get(one, every)) for one in left):.0f} min of training left for one process"
    )
