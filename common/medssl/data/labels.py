"""A few labelled patients out of many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from medssl.data.words import switch

__all__ = ["label_fraction"]


def label_fraction(
    parts: Mapping[str, Sequence[dict[str, Any]]], *, fraction: float, seed: int = 0, every_class: bool = True
) -> dict[str, list[dict[str, Any]]]:
    """Parts of a split of which training keeps only a share of its patients; validation stays whole.

    For one seed the patients of a smaller share are among those of a larger one. The draw depends on the seed and the
    order of the cases alone.

    Args:
        parts: cases by name of the part, as :func:`medssl.data.split_cases` gives them.
        fraction: share of the training patients, in (0, 1]; rounded to whole patients, at least one.
        seed: start of the draw, 0 or more.
        every_class: whether at least one patient of each class stays, so that small shares may come out larger.

    Returns:
        The parts, cases in their order.

    Raises:
        ValueError: if the fraction is none.
    """
    if not 0 < fraction <= 1:
        raise ValueError(f"label_fraction keeps a share in (0, 1] of the training patients, got {fraction:g}.")
    train = list(parts["train"])
    patients = list(dict.fromkeys(case["patient"] for case in train))
    order = [patients[number] for number in np.random.default_rng(seed).permutation(len(patients))]
    first = _first_of_each_class(train, order) if switch(every_class, "every_class") else []
    order = first + [patient for patient in order if patient not in first]
    kept = set(order[: max(1, len(first), round(fraction * len(order)))])
    return {name: list(cases) for name, cases in parts.items()} | {
        "train": [case for case in train if case["patient"] in kept]
    }


def _first_of_each_class(cases: Sequence[dict[str, Any]], order: Sequence[str]) -> list[str]:
    classes: dict[str, set[int]] = {}
    for case in cases:
        classes.setdefault(case["patient"], set()).update(_classes(case))
    first = {number: patient for patient in reversed(order) for number in classes[patient]}
    return [patient for patient in order if patient in first.values()]


def _classes(case: dict[str, Any]) -> list[int]:
    given = case.get("class", [])
    return [number for number, has in enumerate(given) if has] if isinstance(given, list | tuple) else [given]
