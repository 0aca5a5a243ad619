"""A JSON file is there whole or not at all."""

import pytest

from medssl.data import read_json, write_json


def test_round_trip_leaves_one_file(tmp_path):
    path = write_json(tmp_path / "deep" / "a.json", {"corner": [1, 2], "size": 3})
    write_json(path, {"corner": [4], "size": 5})
    assert read_json(path) == {"corner": [4], "size": 5}
    assert [found.name for found in path.parent.iterdir()] == ["a.json"]


def test_failed_write_keeps_the_old_one(tmp_path):
    path = write_json(tmp_path / "a.json", {"kept": True})
    with pytest.raises(TypeError):
        write_json(path, {"size": object()})
    assert read_json(path) == {"kept": True}


def test_broken_file_is_named(tmp_path):
    (tmp_path / "a.json").write_text('{"corner": [1,')
    with pytest.raises(ValueError, match=r"a\.json should be JSON"):
        read_json(tmp_path / "a.json")
