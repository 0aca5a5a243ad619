"""Few labels are those of few patients, and the few are among the more."""

from itertools import pairwise

import numpy as np
import pytest

from medssl.data import label_fraction


def cohort(patients, images=3, rare=()):
    """Patients p0, p1, ... of class 0, the rare ones of class 1."""
    return [
        {"image": f"{p}_{i}", "patient": f"p{p}", "class": int(p in rare)}
        for i in range(images)
        for p in range(patients)
    ]


def kept(cases, **words):
    return {case["patient"] for case in label_fraction({"train": cases, "val": []}, **words)["train"]}


@pytest.mark.parametrize(("fraction", "patients"), [(0.01, 1), (0.1, 4), (0.25, 10), (1.0, 40)])
def test_share_is_of_patients_with_all_their_images(fraction, patients):
    cases, validation = cohort(40), cohort(2)
    parts = label_fraction({"train": cases, "val": validation}, fraction=fraction, seed=3)
    chosen = {case["patient"] for case in parts["train"]}
    assert len(chosen) == patients
    assert parts["train"] == [case for case in cases if case["patient"] in chosen]
    assert parts["val"] == validation


@pytest.mark.parametrize("every_class", [True, False], ids=["every-class", "as-drawn"])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_smaller_shares_lie_in_larger_ones(seed, every_class):
    cases = cohort(50, rare=(7, 31))
    shares = [kept(cases, fraction=f, seed=seed, every_class=every_class) for f in (0.02, 0.1, 0.3, 1)]
    assert all(small <= large for small, large in pairwise(shares))


def test_seeds_draw_others():
    assert len({frozenset(kept(cohort(50), fraction=0.1, seed=seed)) for seed in range(5)}) == 5
    assert kept(cohort(50), fraction=0.1, seed=1) == kept(cohort(50), fraction=0.1, seed=1)


@pytest.mark.parametrize("seed", range(4))
def test_every_class_stays(seed):
    cases = cohort(60, rare=(7, 31))
    assert kept(cases, fraction=0.03, seed=seed) & {"p7", "p31"}
    assert len(kept(cases, fraction=0.01, seed=seed)) == 2  # one patient would have one class
    assert len(kept(cases, fraction=0.01, seed=seed, every_class=False)) == 1
    several = [case | {"class": [1 - case["class"], case["class"], 0]} for case in cases]
    assert kept(several, fraction=0.03, seed=seed) == kept(cases, fraction=0.03, seed=seed)


def test_share_of_a_common_class_is_about_right():
    cases = cohort(400, images=1, rare=range(100))
    parts = [label_fraction({"train": cases}, fraction=0.1, seed=seed) for seed in range(9)]
    assert np.mean([case["class"] for part in parts for case in part["train"]]) == pytest.approx(0.25, abs=0.05)


def test_cases_without_a_class_are_drawn_too():
    cases = [{"image": str(n), "patient": f"p{n}"} for n in range(10)]
    assert len(kept(cases, fraction=0.3)) == 3


@pytest.mark.parametrize("fraction", [0, -0.1, 1.5])
def test_refuses(fraction):
    with pytest.raises(ValueError, match=r"a share in \(0, 1\] of the training patients"):
        kept(cohort(3), fraction=fraction)
