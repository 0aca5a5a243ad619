"""Whether the words of a command line are those that a config knows, and of the right kind."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from monai.bundle import ConfigParser, ReferenceResolver

from medssl.checks.configs import Settings, config_items, config_references, config_value
from medssl.checks.targets import taken_arguments

__all__ = ["empty_lists", "unknown_words", "wrong_kinds"]

COUNTS = {"seed", "epochs", "batch_size", "num_workers"}
SWITCHES = {"true", "false", "yes", "no", "on", "off"}
UNKNOWN = object()


def unknown_words(settings: Settings) -> Iterator[str]:
    """Words that no config has, each with the known one that looks most like it.

    Args:
        settings: configs and words.
    """
    for word in settings.words:
        *above, last = ReferenceResolver.split_id(word)
        group = "#".join(above)
        parent = config_value(settings.files, group) if above else settings.files
        if isinstance(parent, list) and last.isdigit() and int(last) < len(parent):
            continue
        known = {*parent, *_arguments(parent)} if isinstance(parent, Mapping) else set()
        if last not in known:
            yield f"--{word}: there is no such word, and nothing would read it{_hint(last, known, group=group)}"


def _hint(last: str, known: set[str], *, group: str) -> str:
    near = get_close_matches(last, known, n=1)
    if near:
        return f"; did you mean --{f'{group}#' if group else ''}{near[0]}?"
    return f"; {group} knows {', '.join(sorted(name for name in known if name[0] != '_'))}." if group and known else "."


def wrong_kinds(settings: Settings, *, evaluate: bool = False) -> Iterator[str]:
    """Words whose values are of another kind than those in the files: text for a switch, a number for a name.

    Args:
        settings: configs and words.
        evaluate: whether expressions of the files may be run, to know what they give.
    """
    texts = " ".join(value for _, value in config_items(settings.files) if isinstance(value, str))
    for word, value in settings.words.items():
        if value is None:
            yield f"--{word}: MONAI drops None; say a word for nothing, such as none_given or scratch."
        elif isinstance(value, str) and value[:1] in {"$", "@", "%"}:
            continue
        else:
            expected = _usual(settings, word, evaluate=evaluate)
            named = isinstance(value, str) and f"'{value}'" in texts  # such as 'percentiles' in place of two numbers
            problem = "" if named and not isinstance(expected, bool) else _misfit(value, expected, word=word)
            yield from [f"--{word} {value!r}: {problem}"] if problem else []


def empty_lists(settings: Settings) -> Iterator[str]:
    """Words whose lists are empty where the files have something.

    Args:
        settings: configs and words.
    """
    for word, value in settings.words.items():
        if isinstance(value, list | tuple | dict) and not value and config_value(settings.files, word):
            yield f"--{word} {value!r}: is empty; name at least one, or leave the word out."


def _misfit(value: Any, expected: Any, *, word: str) -> str:
    switch = isinstance(value, bool)
    number = isinstance(value, int | float) and not switch
    problem = ""
    if isinstance(expected, bool):
        problem = "" if switch else "needs True or False, spelled like that."
    elif expected is UNKNOWN:
        looks_like_one = isinstance(value, str) and value.strip().lower() in SWITCHES
        problem = "is text; switches are True and False, spelled like that." if looks_like_one else ""
    elif isinstance(expected, int | float):
        whole = word in COUNTS
        fits = number and not (whole and isinstance(value, float))
        problem = "" if fits else f"needs a {'whole ' * whole}number, such as {expected!r}."
    elif isinstance(expected, list) and not isinstance(value, list | tuple):
        problem = f'needs a list, such as "{expected[:3]}".'
    elif isinstance(expected, str):
        problem = _no_text(value, expected, word=word)
    return problem


def _no_text(value: Any, expected: str, *, word: str) -> str:
    if isinstance(value, bool):
        return f"needs text, such as {expected!r}; a word without a value behind it arrives as True."
    if isinstance(value, int | float):
        return f"needs text, such as {expected!r}, and arrives as a number; quote it twice: --{word} \"'{value}'\"."
    if isinstance(value, list | tuple) and word.endswith(("_dir", "_glob", "_list", "_pattern", "_root", "pretrained")):
        return f"needs one text, such as {expected!r}; commas make a list of it unless it is quoted twice."
    return ""


def _usual(settings: Settings, word: str, *, evaluate: bool) -> Any:
    """What the files have at a word, references followed; what expressions give, as far as no part has to be built."""
    value = config_value(settings.files, word)
    if isinstance(value, str) and value.startswith(("@", "$")):
        plain = value.startswith("@") or evaluate
        return _given(settings.files, word) if plain and not _needs_parts(settings.files, {word}) else UNKNOWN
    return UNKNOWN if value is None or isinstance(value, Mapping) else value


def _given(config: Mapping[str, Any], word: str) -> Any:
    try:
        return ConfigParser(copy.deepcopy(dict(config))).get_parsed_content(word)
    except (RuntimeError, ValueError, KeyError):
        return UNKNOWN


def _needs_parts(config: Mapping[str, Any], ids: set[str]) -> bool:
    """Whether something has to be built, or cannot be found, to know what stands at some ids."""
    seen: set[str] = set()
    while ids - seen:
        id_ = (ids - seen).pop()
        seen.add(id_)
        value = config_value(config, id_)
        inside = list(config_items(value, id_))
        if value is None or any(isinstance(part, Mapping) and "_target_" in part for _, part in inside):
            return True
        ids = ids.union(*(config_references(key, text) for key, text in inside if isinstance(text, str)))
    return False


def _arguments(parent: Any) -> set[str]:
    target = parent.get("_target_", "") if isinstance(parent, Mapping) else ""
    plain = isinstance(target, str) and target.split(".")[0] in {"torch", "ignite", "medssl", "monai", target}
    return taken_arguments(parent) | {"_disabled_", "_requires_", "_mode_"} if target and plain else set()
