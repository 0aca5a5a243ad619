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
from medssl.study.grid import PROBES, TUNINGS, Run, Seeds, of_fraction, study_runs

__all__ = ["Study", "study_of", "study_of_file"]

EVALUATIONS = {"train": "evaluate", "classify": "evaluate_classify"}
OWN = {"seed": "seeds", "label_fraction": "fractions", "output_dir": "output", "models_dir": "output"}
UNSEEN = ("seed", "label_fraction", "epochs", "pretrained")  # of images, and of features but by the weights
PLACES = ("dataset_dir", "store")  # where things lie on one machine: only the last part of the path counts


@dataclass(frozen=True)
class Study:
    """Initialisations to fine-tune from, and what all of these runs have in common.

    Attributes:
        bundle: the bundle's folder.
        inits: weights by name: a path, or "scratch"; or overrides of training, of which ``pretrained`` says that.
        output: folder for ``runs.csv`` and the runs' own folders.
        config: what is fine-tuned: ``train`` for a segmentation, ``classify`` for a classification.
        fractions: shares of the training patients whose labels are used, in (0, 1].
        seeds: seeds to repeat with; or those of each fraction, by the fraction as text.
        overlays: overlay configs, by name without ending, such as "demo".
        words: overrides of every run; ``epochs`` may be a number for each fraction.
        evaluate: overrides of the evaluation alone, such as ``part``.
        without: handlers that a study has no use for and training does without, such as "TrainingState".
        tunings: what learns, see :class:`medssl.study.Run`; "knn" is for classifications alone.

    Raises:
        ValueError: if the config cannot be evaluated, has no such word or tuning, or weights are not there.
    """

    bundle: Path
    inits: Mapping[str, str | Mapping[str, Any]]
    output: Path
    config: str = "train"
    fractions: Sequence[float] = (1.0,)
    seeds: Seeds = (0,)
    overlays: Sequence[str] = ()
    words: Mapping[str, Any] = field(default_factory=dict)
    evaluate: Mapping[str, Any] = field(default_factory=dict)
    without: Sequence[str] = ()
    tunings: Sequence[str] = ("full",)

    def __post_init__(self) -> None:
        if self.config not in EVALUATIONS:
            raise ValueError(f"a study fine-tunes one of {list(EVALUATIONS)}, got {self.config!r}; correct the config.")
        known = TUNINGS if self.config == "classify" else TUNINGS[:-1]
        if not set(self.tunings) <= set(known):
            raise ValueError(f"tunings of {self.config} are some of {list(known)}, got {list(self.tunings)}.")
        weights = {name: start["pretrained"] for name, start in self.starts.items()}
        absent = sorted(name for name, file in weights.items() if file != "scratch" and not Path(file).is_file())
        if absent:
            raise ValueError(f"{len(absent)} of {len(weights)} inits have no file: {absent}; correct the paths.")
        self.require_known()

    def require_known(self) -> None:
        """Make sure that the config has every word and every handler named here; MONAI takes any in silence."""
        config = self.known
        given = [word for words in (self.words, self.evaluate, *self.starts.values()) for word in words]
        clash = {word: OWN[word] for word in given if word in OWN}
        if clash:
            raise ValueError(f"a study sets {sorted(clash)} itself; give {sorted(set(clash.values()))} instead.")
        given += ["label_fraction"] if set(self.fractions) != {1} else []
        given += ["freeze_encoder"] if "frozen" in self.tunings else []
        handlers = [handler["_target_"].split(".")[-1] for handler in config["train"]["handlers"]]
        handlers += [handler["_target_"].split(".")[-1] for handler in config["validate"]["handlers"]]
        unknown = {word.split("#")[0] for word in given} - set(config) | set(self.without) - set(handlers)
        if unknown:
            raise ValueError(f"{self.config}.json has no {sorted(unknown)}; correct the spelling, or leave them out.")

    @property
    def starts(self) -> dict[str, dict[str, Any]]:
        """Words of training that only some initialisation has, by its name."""
        return {
            name: dict(start) if isinstance(start, Mapping) else {"pretrained": start}
            for name, start in self.inits.items()
        }

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
        weights = {name: start["pretrained"] for name, start in self.starts.items()}
        return study_runs(weights, self.seeds, fractions=self.fractions, tunings=self.tunings)

    def overrides(self, run: Run) -> dict[str, Any]:
        """Words of a run's training and evaluation, but for folders."""
        words = {"seed": run.seed, "label_fraction": run.fraction, **self.words}
        if "label_fraction" not in self.known:
            del words["label_fraction"]
        if "epochs" in words:
            words["epochs"] = of_fraction(words["epochs"], run.fraction)
        return {**words, "freeze_encoder": "@epochs"} if run.tuning == "frozen" else words

    def fingerprint(self, run: Run) -> str:
        """Short hash of all words that a run depends on; files count by what they hold."""
        words = [self.overrides(run), self.starts[run.init], self.evaluate]
        settled = [{word: _settled(word, value) for word, value in group.items()} for group in words]
        probed = [run.tuning] if run.tuning in PROBES else []
        return _digest([self.config, [*self.overlays], [*self.without], settled, *probed])

    def preparation(self, run: Run) -> str:
        """Short hash of what decides how a run's images reach its encoder, but for the encoder's weights."""
        words = {**self.overrides(run), **self.starts[run.init]}
        kept = {word: _settled(word, value) for word, value in words.items() if word not in UNSEEN}
        return _digest([self.config_hash(), kept])

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


def study_of_file(words: Mapping[str, Any], file: str | Path, *, dataset_dir: str = "", weights: str = "") -> Study:
    """A study from the words of its file, with what was said on the command line.

    Args:
        words: of the study, those of reports taken out.
        file: where they come from; ``{here}`` stands for its folder.
        dataset_dir: folder of the images, instead of the file's.
        weights: folder that ``{weights}`` stands for; the bundle's models/ if empty.
    """
    bundle = Path(words["bundle"])
    said = {"dataset_dir": dataset_dir} if dataset_dir else {}
    places = {"bundle": bundle, "weights": weights or bundle / "models", "here": Path(file).parent}
    return study_of({**words, "words": {**words.get("words", {}), **said}}, places)


def _filled(value: Any, places: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping):
        return {key: _filled(part, places) for key, part in value.items()}
    if isinstance(value, list):
        return [_filled(part, places) for part in value]
    for name, place in places.items() if isinstance(value, str) else ():
        value = value.replace(name, place)
    return value


def _settled(word: str, value: Any) -> Any:
    if word in PLACES:
        return str(value).rsplit("/", maxsplit=1)[-1]
    return content_hash(value) if isinstance(value, str) and Path(value).is_file() else value


def _without_remarks(entries: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in entries.items() if key != "_desc_"}


def _digest(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()[:12]
