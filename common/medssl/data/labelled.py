"""Cases with something to learn from."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

__all__ = ["labelled_cases"]

logger = logging.getLogger(__name__)
REMEDIES = {
    "label": "give --label_glob or list labels in dataset.json",
    "class": "give --class_list or list classes in dataset.json",
}


def labelled_cases(cases: Sequence[dict[str, Any]], *, key: str) -> list[dict[str, Any]]:
    """The cases that have a label, or a class; the number of the others is logged.

    Args:
        cases: what :func:`medssl.data.find_cases` or :func:`medssl.data.usable_cases` gives.
        key: ``label`` or ``class``.

    Returns:
        Those cases, in their order.

    Raises:
        ValueError: if there are none, or the key is another.
    """
    if key not in REMEDIES:
        raise ValueError(f"key is one of {list(REMEDIES)}, got {key!r}.")
    found = [case for case in cases if key in case]
    if not found:
        raise ValueError(f"none of {len(cases)} cases has a {key}; {REMEDIES[key]}.")
    if len(found) < len(cases):
        logger.warning("left out %d of %d cases without a %s.", len(cases) - len(found), len(cases), key)
    return found
