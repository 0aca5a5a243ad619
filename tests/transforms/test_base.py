import numpy as np
import pytest
import torch
from monai.data import MetaTensor

from medssl.transforms import RandBezierIntensity, RandImage, RandLocalShuffle, RandSmoothElastic
from medssl.transforms.base import even_noise, require_chances, voxels_along


class AddDrawn(RandImage):
    def randomize(self, data=None):
        super().randomize(data)
        self.drawn = self.R.rand()

    def apply(self, image):
        return image + self.drawn


@pytest.mark.parametrize(
    ("image", "error", "message"),
    [
        pytest.param("scan.nii.gz", TypeError, "got str; load the image first", id="path"),
        pytest.param([[0.0]], TypeError, "got list", id="list"),
        pytest.param(np.zeros((4, 4)), ValueError, r"got shape \(4, 4\); put EnsureChannelFirst", id="no-channels"),
        pytest.param(torch.zeros(1, 1, 4, 4, 4), ValueError, r"\(1, 1, 4, 4, 4\)", id="batch"),
        pytest.param(np.zeros((1, 0, 4)), ValueError, r"none of them empty, got shape \(1, 0, 4\)", id="empty"),
    ],
)
def test_what_is_no_image_is_refused(image, error, message):
    with pytest.raises(error, match=message):
        AddDrawn()(image)


@pytest.mark.parametrize(
    ("transform", "value", "error", "message"),
    [
        pytest.param(RandBezierIntensity(), -0.5, ValueError, r"values in \[0, 1\], got \[-0.5, 0\]", id="below-0"),
        pytest.param(
            RandBezierIntensity(), 400.0, ValueError, r"got \[0, 400\]; put ScaleIntensityRanged", id="above-1"
        ),
        pytest.param(RandBezierIntensity(), np.nan, ValueError, r"got \[nan, nan\]", id="nan-where-unit"),
        pytest.param(RandBezierIntensity(), 1, TypeError, "floating-point numbers, got int64", id="whole-numbers"),
        pytest.param(RandSmoothElastic(), np.nan, ValueError, r"finite values, got \[nan, nan\]", id="nan"),
        pytest.param(RandSmoothElastic(), np.inf, ValueError, r"finite values, got \[0, inf\]", id="infinity"),
    ],
)
def test_values_that_do_not_fit_are_refused(transform, value, error, message):
    image = np.zeros((1, 16, 16), dtype=type(value))
    image[0, 3, 3] = value
    with pytest.raises(error, match=message):
        transform(image)


class Brighten(AddDrawn):
    values = "bytes"
    spatial_dims = (2,)


@pytest.mark.parametrize("dtype", [np.float32, np.int16, np.float16], ids=lambda dtype: dtype.__name__)
def test_other_than_bytes_are_refused(dtype):
    with pytest.raises(TypeError, match=r"Brighten works on 8-bit grey values and needs uint8, got (float32|int16)"):
        Brighten()(np.zeros((1, 4, 4), dtype))


def test_volumes_are_refused_where_planes_are_needed():
    with pytest.raises(ValueError, match=r"channel axis and 2 spatial axes, .* got shape \(1, 4, 4, 4\)"):
        Brighten()(np.zeros((1, 4, 4, 4), np.uint8))


def test_values_are_looked_at_even_if_nothing_is_done():
    with pytest.raises(ValueError, match="needs values"):
        RandBezierIntensity(prob=0)(np.full((1, 4, 4), 2.0))


def test_whole_numbers_may_be_moved():
    labels = np.random.RandomState(0).randint(0, 5, (1, 20, 20))
    moved = RandLocalShuffle(windows=50).set_random_state(0)(labels)
    assert moved.dtype == labels.dtype
    assert (moved != labels).any()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
def test_half_precision_comes_back_as_such(dtype):
    bent = RandBezierIntensity().set_random_state(0)(torch.rand(1, 8, 8).to(dtype))
    assert bent.dtype == dtype


def test_draws_are_kept_until_drawn_anew():
    add, zeros = AddDrawn().set_random_state(0), np.zeros((1, 2, 2))
    first, same, other = add(zeros), add(zeros, randomize=False), add(zeros)
    assert (first == same).all()
    assert (first != other).all()


def test_meta_data_come_back():
    image = MetaTensor(torch.zeros(1, 2, 2), affine=2 * torch.eye(4), meta={"spacing_source": "header"})
    result = AddDrawn().set_random_state(0)(image)
    assert result.meta["spacing_source"] == "header"
    assert result.affine.tolist() == (2 * torch.eye(4)).tolist()


@pytest.mark.parametrize(
    ("shape", "amount", "expected"),
    [
        pytest.param((64, 64, 32), 1 / 10, [6, 6, 3], id="share-rounded-down"),
        pytest.param((64, 64, 32), 1 / 3, [21, 21, 10], id="third"),
        pytest.param((14, 7, 35), 3 / 7, [6, 3, 15], id="share-that-divides"),
        pytest.param((64, 32), 10, [10, 10], id="voxels"),
        pytest.param((64, 32), 1, [1, 1], id="one-voxel"),
    ],
)
def test_voxels_by_hand(shape, amount, expected):
    assert voxels_along(shape, amount).tolist() == expected


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_noise_is_even(dtype):
    noise = even_noise(np.random.RandomState(0), (100, 1000), dtype=dtype)
    assert (noise.dtype, noise.shape) == (dtype, (100, 1000))
    assert noise.min() > 0
    assert noise.max() < 1
    assert noise.mean(dtype=float) == pytest.approx(0.5, abs=0.003)
    assert np.histogram(noise, bins=10, range=(0, 1))[0] == pytest.approx(np.full(10, 10_000), rel=0.05)
    assert abs(np.corrcoef(noise[:, :-1].ravel(), noise[:, 1:].ravel())[0, 1]) < 0.01


@pytest.mark.parametrize("chance", [-0.1, 1.1, float("nan")])
def test_chances_outside_0_and_1_are_refused(chance):
    with pytest.raises(ValueError, match=rf"Thing needs box_prob in \[0, 1\], got {chance}"):
        require_chances("Thing", prob=0.5, box_prob=chance)
