"""What is left out is told, and too much of it is an error."""

import pytest

from medssl.data.omissions import report_omissions


def test_some_are_counted(caplog):
    report_omissions([], 3, strict=True)
    assert not caplog.records
    report_omissions(["a: torn"], 3, strict=False, what="studies")
    assert caplog.messages == ["left out 1 of 3 studies."]


@pytest.mark.parametrize(
    ("bad", "strict", "message"),
    [
        pytest.param(["a: torn"], True, "^1 of 2 cases are bad, strict allows none; correct .*\na: torn$", id="strict"),
        pytest.param(["a: x", "b: y"], False, "^2 of 2 cases are bad, none is left; .*\na: x\nb: y$", id="all"),
    ],
)
def test_too_many_are_an_error(bad, strict, message):
    with pytest.raises(ValueError, match=message):
        report_omissions(bad, 2, strict=strict)
