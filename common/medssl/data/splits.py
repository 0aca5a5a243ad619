"""Training and validation cases that share no patient."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

__all__ = ["split_cases"]

logger = logging.getLogger(__name__)
FEW, MANY = 3, 30  # patients in all, images of each


def split_cases(
    cases: Sequence[dict[str, Any]], *, val_fraction: float = 0.2, seed: int = 0, fold: int = 0
) -> dict[str, list[dict[str, Any]]]:
    """Divide cases into training and validation, all images of a patient on one side.

    Test cases alone all validate. At a ``val_fraction`` of 0 all cases train and validate, which a warning says: then
    metrics only tell whether training works. Cases that already say so (a ``split`` of ``val``) decide for all. Else
    cases with a ``fold`` validate in theirs. Else the patients are drawn, and the draw depends on the seed and on the
    order of the cases alone.

    Args:
        cases: what :func:`find_cases` gives.
        val_fraction: share of the patients that validate, in [0, 1); above 0, at least one does and at least one
            trains.
        seed: start of the draw, 0 or more.
        fold: which fold validates; without folds in the cases there are as many as fit, ``1 / val_fraction``.

    Returns:
        Lists of cases, ``train`` (empty only for a test set) and ``val``.

    Raises:
        ValueError: if one side would be empty, a patient would be on both, or there is no such fold.
    """
    if cases and all(case.get("split") == "test" for case in cases):
        return {"train": [], "val": list(cases)}
    if val_fraction == 0:
        logger.warning("val_fraction is 0: %d cases train and validate; metrics say nothing of new images.", len(cases))
        return {"train": list(cases), "val": list(cases)}
    if any(case.get("split") == "val" for case in cases):
        parts = _parts(cases, lambda case: case.get("split") == "val")
    elif any("fold" in case for case in cases):
        parts = _parts(cases, lambda case: str(case.get("fold")) == str(fold))
    else:
        _warn_of_few(cases)
        chosen = _drawn(list(dict.fromkeys(case["patient"] for case in cases)), val_fraction, seed=seed, fold=fold)
        parts = _parts(cases, lambda case: case["patient"] in chosen)
    both = {case["patient"] for case in parts["train"]} & {case["patient"] for case in parts["val"]}
    if both:
        raise ValueError(
            f"{len(both)} patients, such as {sorted(both)[0]}, are in training and validation; move each to one side."
        )
    if not parts["train"] or not parts["val"]:
        raise ValueError(
            f"Training and validation need a case each, got {len(parts['train'])} and {len(parts['val'])}; "
            "look at the splits or folds of the list."
        )
    return parts


def _warn_of_few(cases: Sequence[dict[str, Any]]) -> None:
    patients = len({case["patient"] for case in cases})
    if patients <= FEW and len(cases) > MANY * patients:
        logger.warning(
            "%d images are of only %d patients, and a patient stays on one side of the split; where folders are no "
            "patients, such as one for each class, give a --patient_pattern or a dataset.json.",
            len(cases), patients,
        )  # fmt: skip


def _drawn(patients: list[str], val_fraction: float, *, seed: int, fold: int) -> set[str]:
    if not 0 < val_fraction < 1:
        raise ValueError(f"val_fraction lies between 0 and 1, got {val_fraction:g}; 0.2 is usual.")
    if len(patients) < 2:
        raise ValueError(
            f"A split needs at least 2 patients, got {len(patients)}; if there are more, tell them apart by "
            "a patient_pattern or a dataset.json; --val_fraction 0 validates on what is trained on."
        )
    folds = min(max(2, round(1 / val_fraction)), len(patients))
    if not 0 <= fold < folds:
        raise ValueError(
            f"{len(patients)} patients at val_fraction {val_fraction:g} make {folds} folds, got fold {fold}."
        )
    order = np.random.default_rng(seed).permutation(len(patients))
    return {patients[number] for number in np.array_split(order, folds)[fold]}


def _parts(cases: Sequence[dict], validates: Callable[[dict], bool]) -> dict[str, list[dict[str, Any]]]:
    return {
        "train": [case for case in cases if not validates(case)],
        "val": [case for case in cases if validates(case)],
    }
