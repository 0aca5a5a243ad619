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


def test_views_and_studies(tmp_path):
    (tmp_path / "a.csv").write_text("image,view,study\na.nii,SAX,7\nb.nii,,\n")
    assert read_listing(tmp_path / "a.csv") == [{"image": "a.nii", "view": "SAX", "study": "7"}, {"image": "b.nii"}]


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


def test_numbers_behind_a_path_are_its_class(tmp_path):
    (tmp_path / "a.txt").write_text("00000013_005.png 0 1 0\nb.png\t1\nmy scan 2.png 0 0 -1\nc.png\nseries 3\n")
    assert read_listing(tmp_path / "a.txt") == [
        {"image": "00000013_005.png", "class": [0, 1, 0]},
        {"image": "b.png", "class": 1},
        {"image": "my scan 2.png", "class": [0, 0, -1]},
        {"image": "c.png"},
        {"image": "series 3"},
    ]


def test_class_may_have_another_name(tmp_path):
    (tmp_path / "a.json").write_text('[{"image": "a.png", "class": "ill", "kind": "virus"}, {"image": "b.png"}]')
    (tmp_path / "a.csv").write_text("file,class,kind\na.png,ill,virus\nb.png,well,\n")
    for name in ("a.json", "a.csv"):
        entries = read_listing(tmp_path / name, class_key="kind")
        assert entries == [{"image": "a.png", "class": "virus"}, {"image": "b.png"}]


def test_boxes_come_along(tmp_path):
    (tmp_path / "a.json").write_text('[{"image": "a.png", "boxes": [{"class": "Mass", "box": [1, 2, 3, 4]}]}]')
    assert read_listing(tmp_path / "a.json")[0]["boxes"] == [{"class": "Mass", "box": [1, 2, 3, 4]}]


def test_a_table_without_a_column_of_images_is_refused_with_its_columns(tmp_path):
    path = tmp_path / "entries.csv"
    path.write_text("Image Index,Finding\na.png,Mass\n")
    with pytest.raises(ValueError, match=r"needs a column 'image' or 'file', has \['Image Index', 'Finding'\]; rename"):
        read_listing(path)
