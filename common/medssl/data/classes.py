"""Cases of several classes."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

__all__ = ["require_classes"]

logger = logging.getLogger(__name__)


def require_classes(parts: Mapping[str, Sequence[dict]], *, classes: int) -> Mapping[str, Sequence[dict]]:
    """Make sure that every part of a split has cases of every class; areas under curves mean nothing otherwise.

    Where an image may have several classes, training needs for each class a case with it and a case without it; other
    parts need that for one class at least, and the classes that cannot be measured there are logged. A training part
    may be empty: then a test set is all there is.

    Args:
        parts: cases by name of the part, each with a ``class``, as :func:`medssl.data.split_cases` gives them.
        classes: how many classes there are, numbered from 0.

    Returns:
        The parts as they came.

    Raises:
        ValueError: if a class is missing somewhere, or a number is no class.
    """
    for name, cases in parts.items():
        several = [case["class"] for case in cases if isinstance(case["class"], list | tuple)]
        if name == "train" and not cases:
            continue
        if several:
            _require_both(several, classes, name=name)
            continue
        found = sorted({int(case["class"]) for case in cases})
        if found != list(range(classes)):
            raise ValueError(
                f"the {name} part needs cases of the classes {list(range(classes))}, has {found}; "
                "choose another --fold or --seed, give --val_list, or correct --class_names."
            )
    return parts


def _require_both(rows: Sequence[Sequence[int]], classes: int, *, name: str) -> None:
    lengths = sorted({len(row) for row in rows})
    if lengths != [classes]:
        raise ValueError(f"the {name} part needs {classes} labels a case, has {lengths}; correct --class_names.")
    counts = [sum(column) for column in zip(*rows, strict=True)]
    onesided = [number for number, count in enumerate(counts) if count in (0, len(rows))]
    if onesided and name != "train" and len(onesided) < classes:
        logger.warning("the %s part cannot measure the classes %s: all its cases, or none, have them.", name, onesided)
    elif onesided:
        raise ValueError(
            f"the {name} part needs cases with and without each of {classes} classes, class {onesided[0]} is in "
            f"{counts[onesided[0]]} of {len(rows)}; choose another --fold or --seed, or name fewer classes."
        )
