"""Which runs a study has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

__all__ = ["PROBES", "TUNINGS", "Run", "Seeds", "of_fraction", "study_runs"]

Seeds = Sequence[int] | Mapping[str, Sequence[int]]
PROBES = ("linear", "knn")  # no training at all
TUNINGS = ("full", "frozen", *PROBES)


@dataclass(frozen=True)
class Run:
    """One fine-tuning: from which weights, with which seed, on how many of the labels.

    Attributes:
        init: name of the initialisation.
        pretrained: its weights: a path, or "scratch".
        seed: seed of the split, the new layers and all draws.
        fraction: share of the training patients whose labels are used, in (0, 1].
        tuning: what learns: "full" everything, "frozen" all but the encoder, "linear" one layer on its features,
            "knn" nothing.
    """

    init: str
    pretrained: str
    seed: int
    fraction: float = 1.0
    tuning: str = "full"

    @property
    def name(self) -> str:
        """Folder name of the run."""
        share = "" if self.fraction == 1 else f"_{self.fraction:g}"
        how = "" if self.tuning == "full" else f"_{self.tuning}"
        return f"{self.init}{share}{how}_seed{self.seed}"

    @property
    def key(self) -> dict[str, str]:
        """What identifies the run's row in a table."""
        key = {"init": self.init, "fraction": f"{self.fraction:g}", "seed": str(self.seed)}
        return {**key, "tuning": self.tuning}


def study_runs(
    inits: Mapping[str, str],
    seeds: Seeds,
    *,
    fractions: Sequence[float] = (1.0,),
    tunings: Sequence[str] = ("full",),
) -> list[Run]:
    """Every initialisation with every tuning, every share of the labels and every seed.

    Seed by seed, share by share, then tuning by tuning, so that a study cut short still compares like with like.

    Args:
        inits: weights by name of the initialisation.
        seeds: the seeds; or those of each share, by the share as text.
        fractions: shares of the training patients, in (0, 1].
        tunings: what learns, see :class:`Run`.

    Raises:
        ValueError: if a share has no seeds.
    """
    wanted = {fraction: of_fraction(seeds, fraction) for fraction in fractions}
    every = dict.fromkeys(seed for own in wanted.values() for seed in own)
    grid = [point for point in product(every, fractions, tunings, inits.items()) if point[0] in wanted[point[1]]]
    return [Run(init, weights, seed, float(share), tuning) for seed, share, tuning, (init, weights) in grid]


def of_fraction(given: Any, fraction: float) -> Any:
    """What a share of the labels gets: what all get, or its own of a mapping by the share as text.

    Args:
        given: anything, or a mapping.
        fraction: the share.

    Raises:
        ValueError: if the mapping lacks the share.
    """
    if not isinstance(given, Mapping):
        return given
    found = [value for share, value in given.items() if float(share) == fraction]
    if not found:
        raise ValueError(f"words by fraction need one for {fraction:g}, got {dict(given)}; add it.")
    return found[0]
