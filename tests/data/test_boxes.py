"""Boxes of findings."""

import numpy as np
import pytest

from medssl.data import boxed_cases

NAMES = ["Effusion", "Infiltration"]
LISTED = """Image Index,Finding Label,Bbox [x,y,w,h],,,
0001.png,Infiltrate,225.5,547.0,86.75,79.25,,,
0001.png,Infiltrate,10,20,30,40,,,
0001.png,Effusion,1,2,3,4,,,
0009.png,Unheard,1,2,3,4,,,
"""


def cases(*names, **more):
    return [{"image": f"/a/{name}", "patient": "p", **more} for name in names]


def with_list(folder, text, found, **words):
    path = folder / "boxes.csv"
    path.write_text(text)
    return boxed_cases(found, str(path), class_names=NAMES, **words)


def test_a_published_list_gives_one_item_a_case_and_finding(tmp_path):
    items = with_list(tmp_path, LISTED, cases("0001.png", "0002.png"), aliases={"Infiltrate": "Infiltration"})
    assert [(item["image"], item["asked"]) for item in items] == [
        ("/a/0001.png", 0),
        ("/a/0001.png", 1),
        ("/a/0002.png", -1),
    ]
    boxes = np.stack([item["boxes"] for item in items])  # of one shape, so that they make a batch
    assert boxes[1].tolist() == [[225.5, 547.0, 86.75, 79.25], [10, 20, 30, 40]]
    assert boxes[0, 0].tolist() == [1, 2, 3, 4]
    assert np.isnan(boxes[0, 1]).all()
    assert np.isnan(boxes[2]).all()


def test_a_case_brings_its_own_boxes():
    found = cases("a.png", boxes=[{"class": "Infiltration", "box": [1, 2, 3, 4]}])
    (item,) = boxed_cases(found, class_names=NAMES)
    assert (item["asked"], item["boxes"].tolist(), item["patient"]) == (1, [[1, 2, 3, 4]], "p")


def test_without_boxes_every_case_is_asked_for_its_predicted_class():
    items = boxed_cases(cases("a.png", "b.png"), class_names=NAMES)
    assert [(item["asked"], item["boxes"].shape) for item in items] == [(-1, (1, 4)), (-1, (1, 4))]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(LISTED, "'Infiltrate', which is no class; known are", id="unknown-finding"),
        pytest.param("0009.png,Effusion,1,2,3,4\n", "none of them among the 1 cases", id="other-images"),
        pytest.param("a\n0001.png,Effusion,1,2,3\n", "Line 2 of boxes.csv needs a file name", id="too-short"),
        pytest.param("a\n0001.png,Effusion,1,two,3,4\n", "Line 2 of boxes.csv needs a file name", id="no-number"),
        pytest.param("0001.png,Effusion,1,2,0,4\n", "width and height, the last two above 0", id="empty-box"),
        pytest.param("0001.png,Effusion,1,nan,3,4\n", "width and height, the last two above 0", id="nan"),
    ],
)
def test_what_is_wrong_is_said(tmp_path, text, message):
    with pytest.raises(ValueError, match=message):
        with_list(tmp_path, text, cases("0001.png"))


def test_a_missing_list_is_named():
    with pytest.raises(ValueError, match=r"list of boxes gone\.csv is not there"):
        boxed_cases(cases("a.png"), "gone.csv", class_names=NAMES)
