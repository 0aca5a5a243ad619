"""Whether the parts of a config refer to what is there, and whether everything that is there is used."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from monai.bundle import ReferenceResolver

from medssl.checks.configs import Settings, config_items, config_references, config_value, entries

__all__ = ["broken_references", "unread_keys", "unread_words"]


def broken_references(config: Mapping[str, Any]) -> Iterator[str]:
    """References to what is not there.

    Args:
        config: of one run.
    """
    for id_, text in _texts(config):
        for reference in sorted(config_references(id_, text)):
            if config_value(config, reference) is None and not _is_null(config, reference):
                near = get_close_matches(reference.replace("::", "#"), [key for key, _ in config_items(config)], n=1)
                hint = f"; is @{near[0]} meant?" if near else "."
                yield f"{id_} refers to @{reference.replace('::', '#')}, which is not there{hint}"


def unread_keys(config: Mapping[str, Any]) -> set[str]:
    """Top-level keys that neither MONAI nor another part of the config reads.

    Args:
        config: of one run.
    """
    used = {(id_.split("#")[0], name) for id_, text in _texts(config) for name in config_references(id_, text)}
    reached = {ReferenceResolver.split_id(name)[0] for top, name in used if ReferenceResolver.split_id(name)[0] != top}
    return {*config} - reached - entries()


def unread_words(settings: Settings) -> Iterator[str]:
    """Keys that nothing reads: of the first file, of files that are not the bundle's, and words of the command line.

    The bundle's overlays may hold words that not every config has, and later files may make earlier keys useless.

    Args:
        settings: configs and words.
    """
    unread = unread_keys(settings.merged)
    told = unread_keys(settings.base) | (unread_keys(settings.files) & settings.own)
    yield from (f"nothing reads {key!r} of the config." for key in sorted(told))
    for word in settings.words:
        top = ReferenceResolver.split_id(word)[0]
        if top in (unread & settings.files.keys()) - told:
            yield f"--{word}: the config has this word, but nothing reads it."


def _texts(config: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    return ((id_, value) for id_, value in config_items(dict(config)) if isinstance(value, str))


def _is_null(config: Mapping[str, Any], reference: str) -> bool:
    *above, last = ReferenceResolver.split_id(reference)
    parent = config_value(config, "#".join(above)) if above else config
    return isinstance(parent, Mapping) and last in parent
