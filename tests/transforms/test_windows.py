"""Windows in the numbers of stored volumes."""

import pytest

from medssl.transforms.windows import require_window, stored_window


@pytest.mark.parametrize(("window", "facts", "expected"), [
    pytest.param((-100, 300), {}, (-100.0, 300.0), id="as-they-are"),
    pytest.param((0.1, 0.5), {"scale": 0.01}, (10.0, 50.0), id="scaled"),
    pytest.param("percentiles", {"percentiles": [0.2, 0.8], "scale": 0.1}, (2.0, 8.0), id="percentiles"),
])  # fmt: skip
def test_by_hand(window, facts, expected):
    assert stored_window(window, facts) == pytest.approx(expected)


@pytest.mark.parametrize("facts", [{}, {"percentiles": [4, 4]}], ids=["none", "alike"])
def test_percentiles_that_say_nothing_are_refused_by_name(facts):
    with pytest.raises(ValueError, match=r"that differ are needed, got .* in scan\.b2nd"):
        stored_window("percentiles", facts, name="scan.b2nd")


@pytest.mark.parametrize("window", [(3, 1), (1, 2, 3), "auto"], ids=["falling", "three", "word"])
def test_other_windows_are_refused(window):
    with pytest.raises(ValueError, match="Anything needs a window of two rising values or 'percentiles'"):
        require_window("Anything", window)


def test_usual_windows_pass():
    assert [require_window("Anything", window) for window in ((-125, 225), "percentiles")] == [None, None]
