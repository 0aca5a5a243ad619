"""Lines from an image's affine."""

import math
import pickle

import numpy as np
import pytest
import torch
from monai.data import MetaTensor
from monai.transforms import Compose, FlipD, Rotate90D, SpatialCropD, SqueezeDimD

from medssl.geometry import dicom_affine, line_form, line_map, pixel_axes
from medssl.transforms import PlaneLinesd

AFFINE = dicom_affine((-30, -20, 5), (0.8, 0, 0.6, 0, 1, 0), spacing=(1.5, 2), thickness=8)
SIZE = (30, 24)
ACROSS = dicom_affine((0, 0, 20), (0, 0, 1, 0.2, 1, 0), spacing=(1, 1))


def tilted(degrees):
    """A plane at this angle to the host, through a column of it."""
    turn = math.radians(degrees)
    across = AFFINE[:3, 0] / 2 * math.cos(turn) + AFFINE[:3, 2] / 8 * math.sin(turn)
    affine = torch.eye(4, dtype=torch.float64)
    affine[:3, 0], affine[:3, 1] = across, torch.tensor([0, -1, 0])
    affine[:3, 3] = AFFINE[:3, 3] + 10 * AFFINE[:3, 0]
    return affine


def item(*guests, image=None):
    plain = torch.arange(720.0).reshape(1, *SIZE, 1)
    return {"image": MetaTensor(plain, affine=AFFINE) if image is None else image, "guests": list(guests), "host": 2}


def test_what_is_written():
    result = PlaneLinesd(sigma_mm=4)(item(ACROSS.numpy(), None))
    assert sorted(result) == ["host", "image", "line_forms", "lines", "pixel_axes"]
    assert [result[key].dtype for key in ("lines", "line_forms", "pixel_axes")] == [torch.float32] * 3
    form = line_form(AFFINE, ACROSS)
    torch.testing.assert_close(result["line_forms"][0], form.float())
    torch.testing.assert_close(result["lines"][0], line_map(form[None], SIZE, sigma_mm=4)[0].float())
    torch.testing.assert_close(result["pixel_axes"], torch.diag(torch.tensor([2.0, 1.5])))
    assert result["lines"].shape == (2, *SIZE)
    assert all(result[key][1].isnan().all() for key in ("lines", "line_forms"))


def test_input_is_left_as_it_was():
    data = item(ACROSS)
    PlaneLinesd()(data)
    assert sorted(data) == ["guests", "host", "image"]


@pytest.mark.parametrize(
    ("degrees", "known"), [(0, False), (14.9, False), (15.1, True), (90, True), (165.1, False)], ids=str
)
def test_nearly_parallel_planes_have_no_line(degrees, known):
    result = PlaneLinesd()(item(tilted(degrees)))
    assert result["line_forms"].isfinite().all() == result["lines"].isfinite().all() == known


def test_no_guests_no_channels():
    result = PlaneLinesd()(item())
    assert result["lines"].shape == (0, *SIZE)
    assert result["line_forms"].shape == (0, 3)


@pytest.mark.parametrize(("pixels", "known"), [(-1, True), (1, False)], ids=["just-inside", "just-outside"])
@pytest.mark.parametrize("outside", ["unknown", "absent"])
def test_lines_outside(outside, pixels, known):
    guest = tilted(90)
    guest[:3, 3] = AFFINE[:3, 3] + (29 + pixels) * AFFINE[:3, 0]
    result = PlaneLinesd(outside=outside)(item(guest))
    assert result["line_forms"].isfinite().all() == known
    assert result["lines"].isfinite().all() == (known or outside == "absent")
    if outside == "absent":  # the last column is 2 mm away either way
        assert float(result["lines"].max()) == pytest.approx(1 if known else math.exp(-0.5 * (2 / 7.5) ** 2), abs=1e-6)


def test_lines_stay_with_the_pixels():
    """A bright ridge is painted where the line is; after the spatial steps the new map is the ridge, moved along."""
    ridge = line_map(line_form(AFFINE, ACROSS)[None], SIZE, sigma_mm=7.5)
    steps = Compose(
        [FlipD("image", 0), Rotate90D("image"), SpatialCropD("image", roi_start=(3, 5, 0), roi_end=(20, 27, 1))]
    )
    result = PlaneLinesd()(steps(item(ACROSS, image=MetaTensor(ridge[..., None], affine=AFFINE))))
    assert result["lines"].shape == (1, 17, 22)
    torch.testing.assert_close(result["lines"], result["image"].as_tensor()[..., 0].float(), rtol=0, atol=1e-6)
    moved = pixel_axes(result["image"].affine).float()
    torch.testing.assert_close(result["pixel_axes"], moved)


def test_what_is_no_plane_is_refused():
    with pytest.raises(TypeError, match="needs a MetaTensor with an affine, got ndarray"):
        PlaneLinesd()(item(image=np.zeros((1, 4, 4, 1))))
    with pytest.raises(ValueError, match=r"got \(1, 30, 24\) with \(3, 3\); keep the last axis"):
        PlaneLinesd()(SqueezeDimD("image", dim=-1)(item()))
    with pytest.raises(ValueError, match=r"got \(1, 30, 24, 2\) with \(4, 4\)"):
        PlaneLinesd()(item(image=MetaTensor(torch.zeros(1, *SIZE, 2), affine=AFFINE)))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"sigma_mm": 0}, r"sigma_mm above 0 and min_angle_deg in \[0, 90\), got 0, 15"),
        ({"min_angle_deg": 90}, "got 7.5, 90"),
        ({"outside": "zero"}, "unknown or absent, got 'zero'"),
    ],
    ids=["sigma", "angle", "outside"],
)
def test_words_that_make_no_sense_are_refused(words, message):
    with pytest.raises(ValueError, match=message):
        PlaneLinesd(**words)


def test_travels_to_another_process():
    one = PlaneLinesd(outside="absent")
    assert torch.equal(pickle.loads(pickle.dumps(one))(item(ACROSS))["lines"], one(item(ACROSS))["lines"])
