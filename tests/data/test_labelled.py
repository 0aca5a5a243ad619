"""Cases with something to learn from."""

import logging

import pytest

from medssl.data import labelled_cases

CASES = [{"image": "a", "label": "l"}, {"image": "b"}, {"image": "c", "class": 0}]


def test_those_with_the_key_and_a_count_of_the_others(caplog):
    with caplog.at_level(logging.WARNING):
        assert labelled_cases(CASES, key="label") == CASES[:1]
    assert caplog.messages == ["left out 2 of 3 cases without a label."]
    assert labelled_cases(CASES, key="class") == CASES[2:]


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("label", "none of 1 cases has a label; give --label_glob or list labels in dataset.json"),
        ("class", "none of 1 cases has a class; give --class_list"),
        ("mask", r"one of \['label', 'class'\], got 'mask'"),
    ],
)
def test_none_is_an_error(key, message):
    with pytest.raises(ValueError, match=message):
        labelled_cases(CASES[1:2], key=key)
