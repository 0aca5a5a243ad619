"""Which runs a study has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

__all__ = ["Run", "study_runs"]


@dataclass(frozen=True)
class Run:
    """One fine-tuning: from which weights, with which seed.

    Attributes:
        init: name of the initialisation.
        pretrained: its weights: a path, or "scratch".
        seed: seed of the split, the new layers and all draws.
    """

    init: str
    pretrained: str
    seed: int

    @property
    def name(self) -> str:
        """Folder name of the run."""
        return f"{self.init}_seed{self.seed}"

    @property
    def key(self) -> dict[str, str]:
        """What identifies the run's row in a table."""
        return {"init": self.init, "seed": str(self.seed)}


def study_runs(inits: Mapping[str, str], seeds: Sequence[int]) -> list[Run]:
    """Every initialisation with every seed, seed by seed, so that a study cut short still compares like with like.

    Args:
        inits: weights by name of the initialisation.
        seeds: the seeds.
    """
    return [Run(init, weights, seed) for seed, (init, weights) in product(seeds, inits.items())]
