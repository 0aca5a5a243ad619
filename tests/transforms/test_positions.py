"""Nine places about a crossing."""

import math

import nibabel
import numpy as np
import pytest
import torch
from monai.data import MetaTensor
from monai.transforms import FlipD, Rotate90D

from medssl.geometry import dicom_affine, lps_ras, slice_affine
from medssl.transforms import AnatomicalPositionsd, PlaneLinesd

SIZE = (81, 101)
HOST = dicom_affine((-40, -50, 0), (1, 0, 0, 0, 1, 0), spacing=(1, 1))  # columns to the left, rows to the back
FOUR_CHAMBER = dicom_affine((0, 10, 0), (1, 0, 0, 0, 0, 1), spacing=(1, 1))  # cuts row 60
TWO_CHAMBER = dicom_affine((-5, 0, 0), (0, 1, 0, 0, 0, 1), spacing=(1, 1))  # cuts column 35
TURNED = dicom_affine((0, 10, 0), (0.6, 0.8, 0, 0, 0, 1), spacing=(1, 1))
CENTRES = [(35, 60), (35, 50), (35, 40), (35, 70), (35, 80), (45, 60), (55, 60), (25, 60), (15, 60)]
STEP = {"step_mm": 10, "radius_mm": 3.1}


def item(*guests, host=HOST, size=SIZE):
    return {"image": MetaTensor(torch.zeros(1, *size, 1), affine=host), "guests": list(guests)}


def positions(*guests, steps=(), **words):
    data = item(*guests)
    for step in steps:
        data = step(data)
    return AnatomicalPositionsd(**STEP | words)(PlaneLinesd()(data))["position"]


def test_places_by_hand():
    found = positions(TWO_CHAMBER, FOUR_CHAMBER)
    assert (found.shape, found.dtype) == (SIZE, torch.int64)
    for number, centre in enumerate(CENTRES, start=1):
        places = (found == number).nonzero().double()
        assert places.mean(dim=0).tolist() == pytest.approx(centre)
        assert len(places) == 29  # whole pixels within 3.1 of the middle
    assert int((found > 0).sum()) == 9 * 29


@pytest.mark.parametrize(
    "steps", [[FlipD("image", 0)], [Rotate90D("image")], [FlipD("image", 1), Rotate90D("image", k=3)]], ids=len
)
def test_classes_stay_with_the_anatomy(steps):
    moved = {"image": positions(TWO_CHAMBER, FOUR_CHAMBER)[None, ..., None]}
    for step in steps:
        moved = step(moved)
    found = positions(TWO_CHAMBER, FOUR_CHAMBER, steps=steps)
    assert torch.equal(found, torch.as_tensor(moved["image"])[0, ..., 0])


def test_references_turn_the_numbers_round():
    one = positions(TWO_CHAMBER, FOUR_CHAMBER)
    other = positions(TWO_CHAMBER, FOUR_CHAMBER, towards=[(0, 1, 0), (1, 0, 0)])
    assert torch.equal(other == 2, one == 4)
    assert torch.equal(other == 6, one == 6)


def test_steps_are_mm_along_oblique_lines_and_oblong_pixels():
    host = dicom_affine((-40, -50, 0), (1, 0, 0, 0, 1, 0), spacing=(2, 0.5))
    found = AnatomicalPositionsd(**STEP)(PlaneLinesd()(item(TWO_CHAMBER, TURNED, host=host, size=(161, 51))))
    centre, ahead = (
        torch.tensor([0.5, 2.0]) * (found["position"] == number).nonzero().double().mean(dim=0) for number in (1, 6)
    )
    assert (ahead - centre).tolist() == pytest.approx([6, 8], abs=0.5)


@pytest.mark.parametrize(
    "guests",
    [
        pytest.param([TWO_CHAMBER, None], id="one-missing"),
        pytest.param([TWO_CHAMBER, TWO_CHAMBER], id="same-line-twice"),
        pytest.param(
            [TWO_CHAMBER, dicom_affine((0, 10, 0), (0.05, 1, 0, 0, 0, 1), spacing=(1, 1))], id="cross-outside"
        ),
    ],
)
def test_unknown_everywhere(guests):
    assert (positions(*guests) == -100).all()


def test_channels_may_be_chosen():
    found = positions(None, FOUR_CHAMBER, TWO_CHAMBER, channels=(2, 1))
    assert torch.equal(found, positions(TWO_CHAMBER, FOUR_CHAMBER))


@pytest.mark.parametrize("radius", [0, 5.1, math.nan])
def test_overlapping_places_are_refused(radius):
    with pytest.raises(ValueError, match="0 < radius_mm <= step_mm / 2"):
        AnatomicalPositionsd(step_mm=10, radius_mm=radius)


@pytest.fixture(scope="module")
def exam(shared):
    """A real short-axis stack's affine, its labels in the first frame, and the affines of two long-axis planes."""
    folder = shared("data/cmr/bivme_patient1")
    labels, *guests = (nibabel.load(folder / f"{name}.nii.gz") for name in ("sax_seg", "lax_2ch_img", "lax_4ch_img"))
    return torch.from_numpy(labels.affine), np.asarray(labels.dataobj)[..., 0], [guest.affine for guest in guests]


def middles(values, *numbers):
    return (np.argwhere(values == number).mean(axis=0) for number in numbers)


def placed(exam, number, *, frames_mixed_up=False):
    affine, labels, guests = exam
    used = [lps_ras(guest) for guest in guests] if frames_mixed_up else guests
    data = item(*used, host=slice_affine(affine, number), size=labels.shape[:2])
    return AnatomicalPositionsd()(PlaneLinesd(outside="absent")(data))["position"].numpy()


def miss_mm(exam, number, crossing):
    (left,) = middles(exam[1][:, :, number], 3)
    return float(torch.linalg.vector_norm(exam[0][:3, 0])) * np.linalg.norm(crossing - left)


@pytest.mark.parametrize("number", [2, 3, 4])
def test_lines_of_a_real_exam_cross_in_the_ventricle(exam, number):
    (right,) = middles(exam[1][:, :, number], 1)
    crossing, lateral, septal = middles(placed(exam, number), 1, 7, 9)
    assert miss_mm(exam, number, crossing) < 10
    assert np.linalg.norm(septal - right) < np.linalg.norm(lateral - right) - 30


def test_frames_mixed_up_miss_a_real_heart(exam):
    (crossing,) = middles(placed(exam, 3, frames_mixed_up=True), 1)
    assert miss_mm(exam, 3, crossing) > 40
