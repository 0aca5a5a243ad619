"""Cases of several classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

__all__ = ["require_classes"]


def require_classes(parts: Mapping[str, Sequence[dict]], *, classes: int) -> Mapping[str, Sequence[dict]]:
    """Make sure that every part of a split has cases of every class; areas under curves mean nothing otherwise.

    Args:
        parts: cases by name of the part, each with a ``class``, as :func:`medssl.data.split_cases` gives them.
        classes: how many classes there are, numbered from 0.

    Returns:
        The parts as they came.

    Raises:
        ValueError: if a class is missing somewhere, or a number is no class.
    """
    for name, cases in parts.items():
        found = sorted({int(case["class"]) for case in cases})
        if found != list(range(classes)):
            raise ValueError(
                f"the {name} part needs cases of the classes {list(range(classes))}, has {found}; "
                "choose another --fold or --seed, give --val_list, or correct --class_names."
            )
    return parts
