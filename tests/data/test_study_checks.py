"""What is odd about a study's geometry is said in plain words."""

import numpy as np
import pytest
import torch

from medssl.data import named_stacks, plane_images, study_warnings
from tests.data.plane_studies import heart, plane_affine, study_of

PAIRS = {"SAX": ["2CH", "4CH"]}
SIZE = (56, 48)
AXES = (1, 0, 0), (0, 1, 0)


@pytest.fixture
def study(tmp_path):
    return study_of(heart(), tmp_path)


def move(study, number, by):
    affine = np.array(study["planes"][number]["affine"])
    affine[:3, 3] += by
    study["planes"][number]["affine"] = affine.tolist()


def warnings(study, **words):
    return study_warnings(study, **({"pairs": PAIRS, "directions": {"SAX": [0, 0, 1]}} | words))


def test_a_good_study_has_no_warning(study):
    assert warnings(study) == []
    assert warnings(study, directions={"SAX": "folded"}) == []


@pytest.mark.parametrize(
    ("number", "by", "expected"),
    [
        pytest.param(4, [0, 0, 9], "uneven gaps: slices of SAX lie 12.0 to 21.0 mm apart", id="gap"),
        pytest.param(
            2, [30, 0, 0], "crooked stack: slices of SAX lie up to 24.0 mm beside a straight line", id="aside"
        ),
        pytest.param(1, [0, 0, -12], "duplicates: SAX 1 and SAX 2 lie at the same place", id="twice"),
        pytest.param(5, [0, 300, 0], "planes do not meet: 2CH cuts no image of SAX", id="elsewhere"),
    ],
)
def test_a_moved_plane_is_noticed(study, number, by, expected):
    move(study, number, by)
    assert expected in warnings(study)


def test_a_stack_may_be_oblique(study):
    for number in range(5):
        move(study, number, [4.0 * number, 0, 0])
    assert warnings(study) == []


def test_views_that_are_missing_are_named(study):
    study["planes"] = study["planes"][:6]
    assert warnings(study) == ["views missing: no 4CH to cut SAX"]
    study["planes"] = study["planes"][5:]
    assert warnings(study) == ["views missing: none of the hosts SAX"]
    assert warnings(study, pairs={"2CH": ["SAX:base", "SAX:apex"]}) == ["views missing: no SAX to cut 2CH"]


def test_parallel_planes_are_noticed(study):
    study["planes"][5]["affine"] = plane_affine(*AXES, centre=(0, 0, 5), size=SIZE).tolist()
    assert warnings(study) == ["parallel guest: 2CH and SAX meet at 0.0 degrees, less than 15"]
    study["planes"] = study["planes"][:6]
    assert "all planes are parallel: none cuts another" in warnings(study)


def test_a_single_plane_has_nothing_to_compare_with(study):
    study["planes"] = study["planes"][:1]
    assert warnings(study) == ["views missing: no 2CH, 4CH to cut SAX"]


def test_sheared_pixels_are_noticed(study):
    affine = torch.tensor(study["planes"][6]["affine"])
    affine[:3, 1] += 0.2 * affine[:3, 0]
    study["planes"][6]["affine"] = affine.tolist()
    assert warnings(study) == ["axes not at right angles: columns and rows of 4CH meet at 80.9 degrees"]


def test_a_stack_across_its_usual_direction_is_noticed(study):
    (found,) = warnings(study, directions={"SAX": [1, 0, -0.2]})
    assert found.startswith("unusual direction: SAX runs 79 degrees from the way given for its view")


def test_every_study_read_in_the_wrong_patient_frame_is_noticed(study):
    """The short axis of a heart, and the same after x and y have changed sign in all planes."""
    axis = torch.tensor([-0.48, 0.62, -0.62])  # to the left, the front and the feet: RAS
    u = torch.linalg.cross(axis, torch.tensor([0.0, 0, 1]))
    u /= u.norm()
    v = torch.linalg.cross(axis / axis.norm(), u)
    for right, stack in ((True, u), (False, u * torch.tensor([-1, -1, 1]))):
        w = v if right else v * torch.tensor([-1, -1, 1])
        way = axis if right else axis * torch.tensor([-1, -1, 1])
        for number in range(5):
            affine = plane_affine(stack.tolist(), w.tolist(), centre=(8 * number * way).tolist(), size=SIZE)
            study["planes"][number]["affine"] = affine.tolist()
        found = warnings(study, directions={"SAX": [1, -1, -1]})
        assert any(text.startswith("unusual direction") for text in found) is not right


def test_planes_without_a_place_are_counted_and_not_looked_at(study, tmp_path):
    for number in (5, 6):
        study["planes"][number] |= {"placed": False, "affine": np.eye(4).tolist()}
    first, *others = warnings(study)
    assert first == "no place in space: 2CH, 4CH; of use for slice location alone"
    assert others == ["views missing: no 2CH, 4CH to cut SAX"]
    assert [image.stack for image in plane_images(study, str(tmp_path))] == ["SAX"] * 5


def test_numbers_of_frames_that_differ_are_named(study):
    for plane in study["planes"]:
        plane["frames"] = 25 if plane["view"] == "SAX" else 30
    assert warnings(study) == ["time frames differ: 25 in SAX, 30 in 2CH, 30 in 4CH"]
    for plane in study["planes"]:
        plane["frames"] = 25 if plane["view"] == "SAX" else 1  # a still image beside a film
    assert warnings(study) == []


def test_repeated_views_are_told_apart(study):
    study["planes"][6]["view"] = "2CH"
    assert {name: len(planes) for name, planes in named_stacks(study).items()} == {"SAX": 5, "2CH": 1, "2CH (2)": 1}


def test_images_are_first_frames_with_their_names(study, tmp_path):
    images = plane_images(study, str(tmp_path))
    assert [image.name for image in images] == ["SAX 1", "SAX 2", "SAX 3", "SAX 4", "SAX 5", "2CH", "4CH"]
    for image, original in zip(images, heart(), strict=True):
        assert np.array_equal(image.values, original.values)
        assert torch.equal(image.affine, original.affine)
    few = plane_images(study, str(tmp_path), per_stack=3)
    assert [image.name for image in few] == ["SAX 1", "SAX 3", "SAX 5", "2CH", "4CH"]
