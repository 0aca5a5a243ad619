"""How words of a config are checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

__all__ = ["known_words", "switch"]


def switch(value: object, name: str) -> bool:
    """A switch that is really one: the text ``"false"`` would count as true.

    Args:
        value: True or False.
        name: what the switch is called, for the message.

    Raises:
        TypeError: if the value is anything else.
    """
    if not isinstance(value, bool):
        raise TypeError(f"{name} is True or False, got {value!r}; write --{name} True or --{name} False.")
    return value


def known_words(given: Mapping[str, str] | None, known: Iterable[str], *, name: str) -> dict[str, str]:
    """The words of a group, ``none_given`` for those that were left out.

    Args:
        given: some of the words.
        known: all words of the group.
        name: what the group is called, for the message.

    Raises:
        ValueError: if a word is not one of the group.
    """
    words = dict.fromkeys(known, "none_given")
    unknown = sorted(set(given or {}) - set(words))
    if unknown:
        raise ValueError(f"{name} knows the words {list(words)}, got {unknown}; correct the spelling.")
    return words | dict(given or {})
