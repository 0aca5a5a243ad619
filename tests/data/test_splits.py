"""No patient is on both sides, and a draw can be repeated."""

import pytest

from medssl.data import split_cases


def cohort(patients, images=2, **more):
    return [{"image": f"{p}_{i}", "patient": f"p{p}", **more} for p in range(patients) for i in range(images)]


def patients(part):
    return {case["patient"] for case in part}


@pytest.mark.parametrize(("number", "validate"), [(2, 1), (3, 1), (10, 2), (23, 5)])
def test_patients_are_divided(number, validate):
    parts = split_cases(cohort(number), val_fraction=0.2, seed=1)
    assert not patients(parts["train"]) & patients(parts["val"])
    assert len(patients(parts["val"])) == validate
    assert len(parts["train"]) + len(parts["val"]) == 2 * number


def test_draw_repeats_whatever_patients_are_called():
    first = split_cases(cohort(9), seed=4)
    renamed = [case | {"patient": case["patient"][::-1] + "x"} for case in cohort(9)]
    second = split_cases(renamed, seed=4)
    assert [case["image"] for case in first["val"]] == [case["image"] for case in second["val"]]
    assert first == split_cases(cohort(9), seed=4)
    assert any(first != split_cases(cohort(9), seed=seed) for seed in range(5, 8))


def test_every_patient_validates_in_one_fold():
    folds = [patients(split_cases(cohort(11), val_fraction=0.25, fold=fold)["val"]) for fold in range(4)]
    assert sorted(patient for part in folds for patient in part) == sorted(patients(cohort(11)))


def test_explicit_split_wins():
    cases = cohort(5, split="train")
    cases[0]["split"] = cases[1]["split"] = "val"
    assert patients(split_cases(cases, val_fraction=0.5)["val"]) == {"p0"}


def test_folds_of_the_list_are_used():
    cases = [case | {"fold": int(case["patient"][1]) % 3} for case in cohort(6)]
    assert patients(split_cases(cases, fold=2)["val"]) == {"p2", "p5"}


@pytest.mark.parametrize(
    ("cases", "words", "message"),
    [
        pytest.param(cohort(1), {}, "at least 2 patients, got 1", id="one-patient"),
        pytest.param(cohort(4), {"val_fraction": 1.5}, "between 0 and 1, got 1.5", id="fraction"),
        pytest.param(cohort(4), {"fold": 4}, "make 4 folds, got fold 4", id="fold"),
        pytest.param(
            cohort(1) + cohort(1, split="val"), {}, "1 patients, such as p0, are in training", id="both-sides"
        ),
        pytest.param(cohort(2, split="val"), {}, "a case each, got 0 and 4", id="no-training"),
    ],
)
def test_refuses(cases, words, message):
    with pytest.raises(ValueError, match=message):
        split_cases(cases, **words)


def test_a_test_set_alone_all_validates():
    cases = cohort(2, split="test")
    assert split_cases(cases) == {"train": [], "val": cases}


def test_folders_that_may_be_no_patients_are_pointed_out(caplog):
    cases = [{"image": f"{name}/{number}.png", "patient": name} for name in ("a", "b") for number in range(31)]
    split_cases(cases, val_fraction=0.5)
    assert "62 images are of only 2 patients" in caplog.text
    assert "--patient_pattern" in caplog.text


def test_without_validation_patients_all_do_both(caplog):
    parts = split_cases(cohort(1), val_fraction=0)
    assert parts["train"] == parts["val"] == cohort(1)
    assert "2 cases train and validate" in caplog.text
