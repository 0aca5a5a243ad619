"""Classes of cases as numbers."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from medssl.data.files import first_file
from medssl.data.words import switch

__all__ = ["class_words", "number_classes"]

logger = logging.getLogger(__name__)
NOTHING = "No Finding"
OTHERS = ("error", "leave_out")
WORDS: dict[str, Any] = {"key": "class", "names": (), "others": "error", "multi_label": False}


def class_words(given: Mapping[str, Any] | None) -> dict[str, Any]:
    """The words that say what the class of a case is, with what they are by default.

    Args:
        given: some of ``key names others multi_label``, see :func:`medssl.data.find_cases`.

    Raises:
        ValueError: if a word is unknown or out of its range.
        TypeError: if a switch or a list is none.
    """
    unknown = sorted(set(given or {}) - set(WORDS))
    if unknown:
        raise ValueError(f"classes knows the words {list(WORDS)}, got {unknown}; correct the spelling.")
    words = WORDS | dict(given or {})
    if isinstance(words["names"], str) or not isinstance(words["names"], Sequence):
        raise TypeError(f"names is a list such as ['normal', 'pneumonia'], got {words['names']!r}.")
    if len(set(words["names"])) < len(words["names"]):
        raise ValueError(f"names names each class once, got {list(words['names'])}; remove the repeated ones.")
    if words["others"] not in OTHERS:
        raise ValueError(f"others is one of {list(OTHERS)}, got {words['others']!r}; choose one.")
    switch(words["multi_label"], "multi_label")
    return words


def number_classes(
    entries: Sequence[dict[str, Any]], *, names: Sequence[str], others: str, multi_label: bool
) -> list[dict[str, Any]]:
    """Entries whose ``class`` is a number, or a list of 0 and 1 where an image may have several classes.

    Args:
        entries: with or without a ``class``, as :func:`medssl.data.read_listing` gives them.
        names: the classes in the order of their numbers; empty for those that occur, in alphabetical order.
        others: what to do with a class that is not among the names: ``error``, or ``leave_out`` for dropping the case,
            or with several classes the name.
        multi_label: whether an image may have several classes.

    Returns:
        The entries that stay.

    Raises:
        ValueError: if a class is unknown, or an entry has another number of labels than there are classes.
    """
    names = [str(name) for name in names]
    if multi_label:
        return _several(entries, names or _occurring(entries), others=others)
    unclear = [entry for entry in entries if names and isinstance(entry.get("class"), list | tuple)]
    if unclear:
        raise ValueError(f"{_name(unclear[0])} has several classes, {unclear[0]['class']}; set multi_label to True.")
    return _one_each(entries, names, others=others)


def _one_each(entries: Sequence[dict[str, Any]], names: list[str], *, others: str) -> list[dict[str, Any]]:
    words = [_word(entry) for entry in entries]
    numbers = _numbers(names or sorted({word for word in words if word}), named=bool(names))
    strange = [entry for entry, word in zip(entries, words, strict=True) if word and word not in numbers]
    if strange and others == "error":
        _refuse(strange, _word(strange[0]), names=names)
    if strange:
        logger.info("left out %d of %d cases, whose classes are not among %s.", len(strange), len(entries), names)
    return [
        entry | ({"class": numbers[word]} if word else {})
        for entry, word in zip(entries, words, strict=True)
        if not word or word in numbers
    ]


def _numbers(names: list[str], *, named: bool) -> dict[str, int]:
    by_name = {name: number for number, name in enumerate(names)}
    if named:
        return {str(number): number for number in by_name.values()} | by_name
    if all(name.isdigit() for name in names):
        return {name: int(name) for name in names}
    logger.info("classes: %s", by_name)
    return by_name


def _word(entry: dict[str, Any]) -> str:
    given = entry.get("class", "")
    return "" if isinstance(given, list | tuple) else str(given)


def _several(entries: Sequence[dict[str, Any]], names: list[str], *, others: str) -> list[dict[str, Any]]:
    length = len(names) or max((len(_row(entry)) for entry in entries), default=0)
    return [
        entry | ({"class": _labels(entry, names, length=length, others=others)} if "class" in entry else {})
        for entry in entries
    ]


def _labels(entry: dict[str, Any], names: list[str], *, length: int, others: str) -> list[int]:
    row = _row(entry)
    if row and (len(row) != length or not set(row) <= {0, 1}):
        raise ValueError(
            f"{_name(entry)} has the labels {row}, needed are {length} of 0 or 1, one a class; "
            f"correct the list{' or the names' if names else ''}."
        )
    strange = sorted(set(_parts(entry)) - set(names))
    if strange and others == "error":
        _refuse([entry], strange[0], names=names)
    return row or [int(name in _parts(entry)) for name in names]


def _row(entry: dict[str, Any]) -> list[int]:
    given = entry.get("class", ())
    given = given if isinstance(given, list | tuple) else [given]
    return [int(label) for label in given] if all(str(label).lstrip("-").isdigit() for label in given) else []


def _parts(entry: dict[str, Any]) -> list[str]:
    if _row(entry) or "class" not in entry:
        return []
    given = entry["class"]
    parts = given if isinstance(given, list | tuple) else str(given).split("|")
    return [part for part in (str(part).strip() for part in parts) if part not in ("", NOTHING)]


def _occurring(entries: Sequence[dict[str, Any]]) -> list[str]:
    names = sorted({part for entry in entries for part in _parts(entry)})
    if names:
        logger.info("classes: %s", {name: number for number, name in enumerate(names)})
    return names


def _refuse(entries: Sequence[dict[str, Any]], word: str, *, names: Sequence[str]) -> NoReturn:
    more = f" and {len(entries) - 1} other cases" if len(entries) > 1 else ""
    raise ValueError(
        f"{_name(entries[0])}{more} has the class {word!r}, known are {list(names)}; correct the list, name the class, "
        "or say 'leave_out' for others."
    )


def _name(entry: dict[str, Any]) -> str:
    return first_file(entry["image"])
