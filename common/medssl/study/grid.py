"""Which runs a study has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

__all__ = ["Run", "study_runs"]


@dataclass(frozen=True)
class Run:
    """One fine-tuning: from which weights, with which seed, on how many of the labels.

    Attributes:
        init: name of the initialisation.
        pretrained: its weights: a path, or "scratch".
        seed: seed of the split, the new layers and all draws.
        fraction: share of the training patients whose labels are used, in (0, 1].
    """

    init: str
    pretrained: str
    seed: int
    fraction: float = 1.0

    @property
    def name(self) -> str:
        """Folder name of the run."""
        share = "" if self.fraction == 1 else f"_{self.fraction:g}"
        return f"{self.init}{share}_seed{self.seed}"

    @property
    def key(self) -> dict[str, str]:
        """What identifies the run's row in a table."""
        return {"init": self.init, "fraction": f"{self.fraction:g}", "seed": str(self.seed)}


def study_runs(inits: Mapping[str, str], seeds: Sequence[int], *, fractions: Sequence[float] = (1.0,)) -> list[Run]:
    """Every initialisation with every share of the labels and every seed.

    Seed by seed, then share by share, so that a study cut short still compares like with like.

    Args:
        inits: weights by name of the initialisation.
        seeds: the seeds.
        fractions: shares of the training patients, in (0, 1].
    """
    grid = product(seeds, fractions, inits.items())
    return [Run(init, weights, seed, float(fraction)) for seed, fraction, (init, weights) in grid]
