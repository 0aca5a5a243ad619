"""Cases of several classes."""

import pytest

from medssl.data import require_classes

BOTH = [{"class": 0}, {"class": 1}]


def test_parts_with_every_class_pass_through():
    parts = {"train": BOTH, "val": BOTH}
    assert require_classes(parts, classes=2) is parts


@pytest.mark.parametrize("val", [[{"class": 1}], [], [*BOTH, {"class": 2}]], ids=["one", "none", "unknown"])
def test_anything_else_is_named(val):
    with pytest.raises(ValueError, match="val part needs"):
        require_classes({"train": BOTH, "val": val}, classes=2)


ROWS = [{"class": [1, 0]}, {"class": [0, 1]}, {"class": [1, 1]}]


@pytest.mark.parametrize("cases", [BOTH, ROWS], ids=["one-class-each", "several"])
def test_a_test_set_alone_passes(cases):
    parts = {"train": [], "val": cases}
    assert require_classes(parts, classes=2) is parts


@pytest.mark.parametrize(
    ("val", "message"),
    [
        pytest.param(ROWS[:1], "with and without each of 2 classes, class 0 is in 1 of 1", id="one-sided"),
        pytest.param([{"class": [0, 0]}] * 2, "class 0 is in 0 of 2", id="nobody"),
        pytest.param([{"class": [0, 1, 1]}], r"val part needs 2 labels a case, has \[3\]", id="length"),
    ],
)
def test_several_classes_need_cases_with_and_without(val, message):
    with pytest.raises(ValueError, match=message):
        require_classes({"train": ROWS, "val": val}, classes=2)


def test_a_class_that_validation_cannot_measure_is_logged(caplog):
    parts = {"train": ROWS, "val": [{"class": [0, 0]}, *ROWS[1:2]]}
    assert require_classes(parts, classes=2) is parts
    assert "val part cannot measure the classes [0]" in caplog.text


def test_a_class_that_training_cannot_learn_is_refused():
    with pytest.raises(
        ValueError, match="train part needs cases with and without each of 2 classes, class 0 is in 0 of 2"
    ):
        require_classes({"train": [{"class": [0, 0]}, *ROWS[1:2]], "val": ROWS}, classes=2)
