import json

import pytest

from medssl.checks import broken_references, read_settings, unread_keys
from medssl.checks.references import unread_words
from tests.checks.small_bundle import write_bundle


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("@group#b", [], id="there"),
        pytest.param("@empty", [], id="there-and-null"),
        pytest.param("$@group#b.length + 1", [], id="attribute-of-what-is-there"),
        pytest.param("@groups", ["x refers to @groups, which is not there; is @group meant?"], id="near"),
        pytest.param("$@group#c + @list#1", 2 * ["not there"], id="two-in-one"),
    ],
)
def test_broken_references(text, expected):
    found = list(broken_references({"x": text, "group": {"b": 1}, "list": [1], "empty": None}))
    assert len(found) == len(expected)
    assert all(part in complaint for part, complaint in zip(expected, found, strict=True))


def test_unread_keys_by_hand():
    config = {"a": "@b", "b": 1, "c": {"d": "@c#e", "e": 1}, "run": ["$@f"], "f": 1, "_desc_": ""}
    assert unread_keys(config) == {"a", "c"}


def test_of_whom_unread_words_are(tmp_path):
    folder = write_bundle(tmp_path / "b", {"idle": 1}, demo={"only_here": 1})
    (tmp_path / "mine.json").write_text(json.dumps({"epoch": 1, "epochs": 2}))
    names = ["pretrain", "demo", str(tmp_path / "mine.json")]
    settings = read_settings(folder, names, words={"train#dataset#data": [], "only_here": 2, "x": 1, "repeats": 1})
    assert list(unread_words(settings)) == [
        "nothing reads 'epoch' of the config.",
        "nothing reads 'idle' of the config.",
        "--only_here: the config has this word, but nothing reads it.",
        "--repeats: the config has this word, but nothing reads it.",
    ]
