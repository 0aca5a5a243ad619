"""Configs opened for their parts."""

import json

import pytest

from medssl.weights import open_config


def test_words_are_set_by_name_and_by_path(tmp_path):
    (tmp_path / "configs").mkdir()
    config = {"bundle_root": ".", "a": {"b": 1}, "c": "$@a#b + 1", "d": "$@bundle_root + '/x'"}
    (tmp_path / "configs" / "features.json").write_text(json.dumps(config))
    parser = open_config(tmp_path, "features", words={"a#b": 5})
    assert (parser.get_parsed_content("c"), parser.get_parsed_content("d")) == (6, f"{tmp_path}/x")
    with pytest.raises(ValueError, match=r"configs/inference\.json, there is none in"):
        open_config(tmp_path, "inference")
