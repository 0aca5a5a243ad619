"""Bundles as the guards see them: configs by name, merged the way MONAI merges them."""

import copy
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from monai.bundle import ConfigParser, ReferenceResolver

from medssl.checks import config_references
from tests.sources import ROOT

FOLDERS = sorted(path.parent for path in (ROOT / "bundles").glob("*/configs"))


@dataclass(frozen=True)
class Bundle:
    """One bundle's folder."""

    folder: Path

    @cached_property
    def configs(self) -> dict[str, dict[str, Any]]:
        paths = sorted(self.folder.glob("configs/*.json"))
        return {path.stem: json.loads(path.read_text()) for path in paths if path.stem != "metadata"}

    @property
    def runnable(self) -> dict[str, dict[str, Any]]:
        """Configs that run alone."""
        return {name: config for name, config in self.configs.items() if "bundle_root" in config and "run" in config}

    @property
    def overlays(self) -> dict[str, list[str]]:
        """Configs that follow others, each with those that it may follow."""
        return {name: self._bases(name) for name in self.configs if name not in self.runnable}

    def _bases(self, name: str) -> list[str]:
        if name == "demo":
            return list(self.runnable)
        if name == "paper":  # which says how a network is made and trained
            return [base for base, config in self.runnable.items() if "network_def" in config]
        base = "train" if name == "evaluate" else name.removeprefix("evaluate_").removeprefix("multi_gpu_")
        base = base.removesuffix("_trt")
        return [base] if base in self.runnable else []

    def merged(self, *names: str) -> dict[str, Any]:
        return ConfigParser.load_config_files([self.folder / f"configs/{name}.json" for name in names])

    def runs(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """What can be run, by the names of its files."""
        yield from self.runnable.items()
        for overlay, bases in self.overlays.items():
            for base in bases:
                yield f"{base}+{overlay}", self.merged(base, overlay)


def parser(config: dict[str, Any]) -> ConfigParser:
    """Make a parser of a copy, since MONAI's writes into what it is given."""
    return ConfigParser(copy.deepcopy(config))


def references(id_: str, text: str) -> set[str]:
    """Top-level keys that a text at some id refers to."""
    return {ReferenceResolver.split_id(name)[0] for name in config_references(id_, text)}
