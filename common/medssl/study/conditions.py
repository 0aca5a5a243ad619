"""What a study compares, and under which words."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from medssl.data import content_hash, read_json
from medssl.study.grid import Run, study_runs

__all__ = ["Study", "study_of"]

EVALUATIONS = {"train": "evaluate", "classify": "evaluate_classify"}
PLACES = ("dataset_dir", "store")  # where things lie on one machine: only the last part of the path counts


@dataclass(frozen=True)
class Study:
    """Initialisations to fine-tune from, and what all of these runs have in common.

    Attributes:
        bundle: the bundle's folder.
        inits: weights by name: a path, or "scratch".
        output: folder for ``runs.csv`` and the runs' own folders.
        config: what is fine-tuned: ``train`` for a segmentation, ``classify`` for a classification.
        fractions: shares of the training patients whose labels are used, in (0, 1].
        seeds: seeds to repeat with.
        overlays: overlay configs, by name without ending, such as "demo".
        words: overrides of every run; ``epochs`` may be a number for each fraction.
        evaluate: overrides of the evaluation alone, such as ``part``.
        without: handlers that a study has no use for and training does without, such as "TrainingState".

    Raises:
        ValueError: if the config cannot be evaluated, has no such word, or weights are not there.
    """

    bundle: Path
    inits: Mapping[str, str]
    output: Path
    config: str = "train"
    fractions: Sequence[float] = (1.0,)
    seeds: Sequence[int] = (0,)
    overlays: Sequence[str] = ()
    words: Mapping[str, Any] = field(default_factory=dict)
    evaluate: Mapping[str, Any] = field(default_factory=dict)
    without: Sequence[str] = ()

    def __post_init__(self) -> None:
        if self.config not in EVALUATIONS:
            raise ValueError(f"a study fine-tunes one of {list(EVALUATIONS)}, got {self.config!r}; correct the config.")
        absent = sorted(name for name, file in self.inits.items() if file != "scratch" and not Path(file).is_file())
        if absent:
            raise ValueError(f"{len(absent)} of {len(self.inits)} inits have no file: {absent}; correct the paths.")
        given = [*self.words, *self.evaluate, *(["label_fraction"] if set(self.fractions) != {1} else [])]
        unknown = sorted({word.split("#")[0] for word in given} - set(self.known))
        if unknown:
            raise ValueError(f"{self.config}.json has no words {unknown}, known are {sorted(self.known)}.")
        handlers = {
            handler["_target_"].split(".")[-1]
            for part in ("train", "validate")
            for handler in self.known[part]["handlers"]
        }
        if not set(self.without) <= handlers:
            raise ValueError(
                f"{self.config}.json has the handlers {sorted(handlers)}, cannot leave out {self.without}."
            )

    @property
    def known(self) -> dict[str, Any]:
        """The config that is fine-tuned, as written."""
        return read_json(self.file(self.config))

    @property
    def evaluation(self) -> str:
        """The overlay that evaluates."""
        return EVALUATIONS[self.config]

    def file(self, config: str) -> Path:
        """File of one of the bundle's configs."""
        return self.bundle / "configs" / f"{config}.json"

    def runs(self) -> list[Run]:
        """The runs in their order."""
        return study_runs(self.inits, self.seeds, fractions=self.fractions)

    def overrides(self, run: Run) -> dict[str, Any]:
        """Words of one run, but for its weights and folders."""
        own = {"seed": run.seed} | ({"label_fraction": run.fraction} if "label_fraction" in self.known else {})
        epochs = self.words.get("epochs")
        return own | self.words | ({"epochs": _of_fraction(epochs, run.fraction)} if isinstance(epochs, dict) else {})

    def fingerprint(self, run: Run) -> str:
        """Short hash of the weights' bytes and of all words that a run depends on; files count by what they hold."""
        words = {**self.overrides(run), **{f"evaluate {word}": value for word, value in self.evaluate.items()}}
        words = {word: str(value).rsplit("/")[-1] if word in PLACES else _bytes(value) for word, value in words.items()}
        conditions = [_bytes(run.pretrained), self.config, [*self.overlays], [*self.without], words]
        return _digest(conditions)

    def config_hash(self) -> str:
        """Short hash of the configs as they are now, whatever their layout and remarks."""
        files = [self.file(config) for config in (self.config, *self.overlays, self.evaluation)]
        return _digest([json.loads(file.read_text(), object_hook=_without_remarks) for file in files])


def study_of(words: Mapping[str, Any], places: Mapping[str, str | os.PathLike]) -> Study:
    """A study from the words of its file; those that are none of :class:`Study` are overrides of every run.

    Args:
        words: by name.
        places: folders, by the names that stand for them in braces, such as ``{bundle}``.
    """
    filled = _filled(words, {f"{{{name}}}": str(place) for name, place in places.items()})
    own = {one.name: filled.pop(one.name) for one in fields(Study) if one.name in filled}
    paths = {name: Path(own[name]) for name in ("bundle", "output")}
    return Study(**{**own, **paths, "words": {**filled, **own.get("words", {})}})


def _filled(value: Any, places: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping):
        return {key: _filled(part, places) for key, part in value.items()}
    if isinstance(value, list):
        return [_filled(part, places) for part in value]
    for name, place in places.items() if isinstance(value, str) else ():
        value = value.replace(name, place)
    return value


def _of_fraction(numbers: Mapping[str, int], fraction: float) -> int:
    found = [number for key, number in numbers.items() if float(key) == fraction]
    if not found:
        raise ValueError(f"epochs by fraction need a number for {fraction:g}, got {dict(numbers)}; add one.")
    return found[0]


def _bytes(value: Any) -> Any:
    return content_hash(value) if isinstance(value, str) and Path(value).is_file() else value


def _without_remarks(entries: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in entries.items() if key != "_desc_"}


def _digest(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()[:12]
