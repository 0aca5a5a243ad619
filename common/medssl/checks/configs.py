"""Configs of a bundle put together as MONAI does it, and their parts by id; nothing is built."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from monai.bundle import ConfigParser, ReferenceResolver
from monai.bundle.properties import InferProperties, TrainProperties
from monai.bundle.scripts import run

__all__ = [
    "Settings",
    "config_items",
    "config_references",
    "config_value",
    "entries",
    "read_settings",
    "runnable_configs",
]

MONAIS = set(inspect.signature(run).parameters) - {"override"} | {"workflow_type", "save_execute_config"}
ENDS = ("", ".json", ".yaml", ".yml")


@dataclass(frozen=True)
class Settings:
    """Config files over one another, and the words of a command line.

    Args:
        base: what the first file holds.
        files: what all files hold together.
        merged: the same with the words.
        words: overrides by id, without those that MONAI takes for itself.
        own: top-level keys of files that do not lie in the bundle.
    """

    base: Mapping[str, Any]
    files: Mapping[str, Any]
    merged: Mapping[str, Any]
    words: Mapping[str, Any] = field(default_factory=dict)
    own: frozenset[str] = frozenset()

    def parser(self, **words: Any) -> ConfigParser:
        """A parser of a copy, with further words.

        Args:
            words: overrides by id.
        """
        parser = ConfigParser(copy.deepcopy(dict(self.merged)))
        parser.update(words)
        return parser


def read_settings(folder: Path, names: Sequence[str], *, words: Mapping[str, Any] | None = None) -> Settings:
    """Read config files of a bundle, the later ones over the earlier.

    Args:
        folder: the bundle; it becomes ``bundle_root`` unless the words say otherwise.
        names: of files in ``configs/``, with or without suffix, or paths.
        words: overrides by id, as behind ``--`` on a command line.

    Raises:
        ValueError: if a file is not there, or cannot be understood.
    """
    paths = [_file(folder, name) for name in names]
    try:
        contents = [ConfigParser.load_config_file(path) for path in paths]
        files = ConfigParser.load_config_files(paths)
    except (ValueError, KeyError, IndexError) as error:
        raise ValueError(f"{' and '.join(path.name for path in paths)} cannot be put together: {error}") from error
    parser = ConfigParser(copy.deepcopy(files))
    given = {key: value for key, value in (words or {}).items() if key not in MONAIS}
    parser["bundle_root"] = str(folder)
    for key, value in given.items():
        _put(parser, key, value=value)
    foreign = [content for path, content in zip(paths, contents, strict=True) if path.parent != folder / "configs"]
    return Settings(contents[0], files, dict(parser.config), given, frozenset().union(*foreign))


def runnable_configs(folder: Path) -> list[str]:
    """Names of the configs that run alone: they have ``run``, and ``bundle_root`` or a network.

    Args:
        folder: the bundle.
    """
    paths = sorted(path for path in (folder / "configs").iterdir() if path.suffix in ENDS[1:])
    contents = {path.name: ConfigParser.load_config_file(path) for path in paths if path.stem != "metadata"}
    return [
        name for name, content in contents.items() if "run" in content and content.keys() & {"bundle_root", "device"}
    ]


def entries() -> set[str]:
    """Top-level keys that MONAI reads by itself, so that nothing in a config need refer to them."""
    properties = {word["id"].split("::")[0] for word in (*TrainProperties.values(), *InferProperties.values())}
    others = {"_desc_", "_meta_", "imports", "network", "initialize", "run", "finalize", "displayable_configs"}
    return properties | others


def config_items(config: Any, id_: str = "") -> Iterator[tuple[str, Any]]:
    """Everything in a config with its id, separated by ``#``.

    Args:
        config: a config, or a part of one.
        id_: of that part.
    """
    yield id_, config
    if isinstance(config, dict | list):
        for key, value in config.items() if isinstance(config, dict) else enumerate(config):
            yield from config_items(value, f"{id_}#{key}".lstrip("#"))


def config_value(config: Mapping[str, Any], id_: str) -> Any:
    """What stands at an id; None if there is no such place.

    Args:
        config: a config.
        id_: keys, separated by ``#`` or ``::``.
    """
    found: Any = config
    for key in ReferenceResolver.split_id(id_):
        try:
            found = found[key] if isinstance(found, Mapping) else found[int(key)]
        except (KeyError, IndexError, ValueError, TypeError):
            return None
    return found


def config_references(id_: str, text: str) -> set[str]:
    """Ids that a text at some id refers to, separated by ``::``.

    Args:
        id_: where the text stands, since references may start from there.
        text: any text of a config.
    """
    absolute = ConfigParser.resolve_relative_ids(id_.replace("#", "::"), text)
    if absolute.startswith("%"):
        path, inner = ConfigParser.split_path_id(absolute[1:])
        return set() if path else {inner}
    return set(ReferenceResolver.match_refs_pattern(absolute))


def _file(folder: Path, name: str) -> Path:
    candidates = [place for end in ENDS for place in (folder / "configs" / f"{name}{end}", Path(f"{name}{end}"))]
    for path in candidates:
        if path.is_file():
            return path
    known = sorted(path.stem for path in (folder / "configs").glob("*.json") if path.stem != "metadata")
    raise ValueError(f"there is no config {name!r} in {folder.name}; it has {', '.join(known)}.")


def _put(parser: ConfigParser, key: str, *, value: Any) -> None:
    with suppress(KeyError, IndexError, ValueError, TypeError):  # there is no such place; unknown words are told apart
        parser[key] = copy.deepcopy(value)
