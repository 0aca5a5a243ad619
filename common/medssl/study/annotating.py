"""Annotation played through on images whose labels are known: train, choose, label, train again."""

from __future__ import annotations

import gc
import hashlib
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from medssl.annotation import CHOICES, ImageFeatures, image_entropies
from medssl.data import read_json, write_json, write_rows
from medssl.study.claims import claimed
from medssl.study.conditions import Study
from medssl.study.grid import Run
from medssl.study.running import finetune
from medssl.study.workflows import prepare, remove

__all__ = ["Annotation", "run_annotation"]

logger = logging.getLogger(__name__)
STRATEGIES = ("random", *CHOICES)


@dataclass(frozen=True)
class Annotation:
    """How labels are asked for.

    Attributes:
        strategies: some of "random", "farthest", "uncertain" and "farthest_uncertain".
        start: images that are labelled at first, drawn by the seed and the same for every strategy.
        step: images that are labelled after every training but the last.
        rounds: trainings.
        uncertainty: ``dropout`` and ``simulations`` of :func:`medssl.annotation.image_entropies`.

    Raises:
        ValueError: if a strategy is unknown, or a number is below 1.
    """

    strategies: Sequence[str] = STRATEGIES
    start: int = 1
    step: int = 1
    rounds: int = 5
    uncertainty: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        unknown = sorted(set(self.strategies) - set(STRATEGIES))
        if unknown or not self.strategies:
            raise ValueError(f"strategies are some of {list(STRATEGIES)}, got {list(self.strategies)}; correct them.")
        if min(self.start, self.step, self.rounds) < 1:
            raise ValueError(f"needs numbers from 1, got {self.start=}, {self.step=}, {self.rounds=}; correct them.")


def run_annotation(study: Study, plan: Annotation) -> list[dict[str, str]]:
    """Annotate with every initialisation, seed and strategy, and note what every training reaches.

    A training on the same images is done once, whichever strategy asked for them, and never again: not in a later call,
    and not by another process that shares the folder.

    Args:
        study: initialisations, seeds and words; images without validation are those to be labelled.
        plan: how labels are asked for.

    Returns:
        One row a training, as far as they are finished; ``annotation.csv`` has the same.
    """
    table, trained = study.output / "annotation.csv", True
    every = [Played(study, plan, run=run) for run in study.runs()]
    while trained:
        trained, rows = False, []
        for played in every:
            for strategy in plan.strategies:
                rows += played.rows(strategy)
                trained |= played.trained
            if trained:
                write_rows(table, rows)
    expected = len(every) * len(plan.strategies) * plan.rounds
    if len(rows) < expected:
        logger.warning("%d of %d trainings wait for other processes.", expected - len(rows), expected)
    write_rows(table, rows)
    return rows


class Played:
    """Annotation with one initialisation and seed.

    Args:
        study: see :func:`run_annotation`.
        plan: how labels are asked for.
        run: initialisation and seed.

    Raises:
        ValueError: if there are fewer images than will be labelled.
    """

    def __init__(self, study: Study, plan: Annotation, *, run: Run) -> None:
        self.study, self.plan, self.run, self.trained = study, plan, run, False
        configs, words = [study.config, *study.overlays], {**study.overrides(run), "output_dir": str(study.output)}
        self.cases = prepare(study.bundle, configs, overrides=words).train_dataset_data
        wanted = plan.start + plan.step * (plan.rounds - 1)
        if wanted > len(self.cases):
            raise ValueError(f"needs {wanted} images to label, there are {len(self.cases)}; plan fewer rounds.")
        self.order = [int(one) for one in np.random.default_rng(run.seed).permutation(len(self.cases))]

    def rows(self, strategy: str) -> list[dict[str, str]]:
        """Rows of one strategy, as far as they can be had; those that another process is at are left to it."""
        labelled, rows, before, self.trained = self.order[: self.plan.start], [], 0, False
        for number in range(self.plan.rounds):
            found = self.fit(labelled)
            if found is None:
                break
            added = " ".join(Path(self.cases[one]["image"]).name for one in labelled[before:])
            key = {"init": self.run.init, "strategy": strategy, "seed": self.run.seed, "round": number, "added": added}
            rows.append({name: str(value) for name, value in {**key, **found["row"]}.items()})
            before, scores = len(labelled), np.asarray(found["scores"])
            for _ in range(self.plan.step if number + 1 < self.plan.rounds else 0):
                labelled = [*labelled, self.choose(strategy, scores, labelled=labelled)]
        return rows

    def choose(self, strategy: str, scores: np.ndarray, *, labelled: Sequence[int]) -> int:
        """The next image to label."""
        if strategy == "random":
            return next(one for one in self.order if one not in labelled)
        return CHOICES[strategy](lambda: self.features, scores, labelled)

    @property
    def images(self) -> list[str]:
        """Paths of all images that may be labelled."""
        return [case["image"] for case in self.cases]

    @cached_property
    def features(self) -> np.ndarray:
        """What this initialisation's encoder makes of the images."""
        words = self.known("features", {"pretrained": self.run.pretrained})
        return ImageFeatures(self.study.bundle, cache=self.study.output / "features", words=words)(self.images)

    def known(self, config: str, words: Mapping[str, Any]) -> dict[str, Any]:
        """The study's words that another config of the bundle has too, and some more."""
        names = read_json(self.study.file(config))
        return {**{word: value for word, value in self.study.words.items() if word.split("#")[0] in names}, **words}

    def fit(self, labelled: Sequence[int]) -> dict[str, Any] | None:
        """Train on some images: its row and the uncertainty of all images; None if another process is at it."""
        names = sorted(Path(self.images[one]).name for one in labelled)
        settings = [self.study.fingerprint(self.run), dict(self.plan.uncertainty), names]
        digest = hashlib.sha256(json.dumps(settings).encode()).hexdigest()[:12]
        file = self.study.output / self.run.name / f"fit_{digest}.json"
        with claimed(file.with_suffix(".lock")) as ours:
            if not file.exists() and ours:
                logger.info("%s: training on %d of %d images.", self.run.name, len(labelled), len(self.images))
                write_json(file, self.fresh_fit(sorted(labelled), file.with_suffix("")) | {"settings": digest})
                self.trained = True
                gc.collect()  # engines and their handlers refer to each other
        return read_json(file) if file.exists() else None

    def fresh_fit(self, labelled: Sequence[int], folder: Path) -> dict[str, Any]:
        """Train and evaluate, then let the trained network look at all images."""
        chosen = [self.cases[one] for one in labelled]
        study = replace(self.study, words={**self.study.words, "train#dataset#data": chosen})
        row = finetune(study, self.run, folder=folder)
        words = self.known("inference", {"pretrained": str(folder / "model.pt")})
        scores = image_entropies(study.bundle, self.images, words=words, **self.plan.uncertainty)
        remove(folder.glob("*.pt"))
        return {"row": row, "scores": [round(float(score), 6) for score in scores]}
