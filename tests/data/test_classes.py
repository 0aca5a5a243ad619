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
