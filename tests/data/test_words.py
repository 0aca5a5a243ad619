"""Words are understood or refused, never guessed."""

import pytest

from medssl.data import known_words, switch


@pytest.mark.parametrize("value", [True, False])
def test_switch_is_itself(value):
    assert switch(value, "strict") is value


@pytest.mark.parametrize("value", ["true", "False", 1, None], ids=str)
def test_switch_refuses_what_only_looks_like_one(value):
    with pytest.raises(TypeError, match=f"strict is True or False, got {value!r}; write --strict True"):
        switch(value, "strict")


def test_left_out_words_are_none_given():
    assert known_words({"image": "*.nii"}, ("image", "label"), name="patterns") == {
        "image": "*.nii",
        "label": "none_given",
    }
    assert known_words(None, ("image",), name="patterns") == {"image": "none_given"}


def test_unknown_word_is_named():
    with pytest.raises(ValueError, match=r"patterns knows the words \['image'\], got \['imgae'\]"):
        known_words({"imgae": "*"}, ("image",), name="patterns")
