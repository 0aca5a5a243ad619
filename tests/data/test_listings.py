"""Every kind of list gives the same entries."""

import pytest

from medssl.data import read_listing

JSON = '{"cases": [{"image": "a.nii", "label": "b.nii", "fold": 0, "licence": "CC0"}, {"image": "c.nii"}]}'
DECATHLON = '{"name": "x", "training": [{"image": "a.nii", "label": "b.nii", "fold": 0}, "c.nii"]}'


@pytest.mark.parametrize(
    ("name", "text"),
    [
        pytest.param("a.json", JSON, id="own"),
        pytest.param("a.json", DECATHLON, id="decathlon"),
        pytest.param("a.json", '[{"image": "a.nii", "label": "b.nii", "fold": 0}, "c.nii"]', id="plain-list"),
    ],
)
def test_json(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    assert read_listing(tmp_path / name) == [{"image": "a.nii", "label": "b.nii", "fold": 0}, {"image": "c.nii"}]


def test_decathlon_parts_become_splits(tmp_path):
    (tmp_path / "a.json").write_text('{"training": ["a"], "validation": ["b"], "test": ["c"]}')
    assert [entry["split"] for entry in read_listing(tmp_path / "a.json")] == ["train", "val", "test"]


def test_csv_and_text(tmp_path):
    (tmp_path / "a.csv").write_text("\ufefffile,class,note\na.nii,2,good\nc.nii,,\n", encoding="utf-8")
    assert read_listing(tmp_path / "a.csv") == [{"image": "a.nii", "class": "2"}, {"image": "c.nii"}]
    (tmp_path / "a.txt").write_text("a.nii\n# not this one\n\n  c.nii  \n")
    assert read_listing(tmp_path / "a.txt") == [{"image": "a.nii"}, {"image": "c.nii"}]


@pytest.mark.parametrize(
    ("text", "message"),
    [("[]", "names no image; add some"), ('["a", {"label": "b"}]', "Entry 2 of a.json names no image")],
    ids=["empty", "nameless"],
)
def test_refuses(tmp_path, text, message):
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(ValueError, match=message):
        read_listing(tmp_path / "a.json")
