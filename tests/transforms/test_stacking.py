import numpy as np
import pytest
import torch
from monai.data import MetaTensor

from medssl.transforms import StackViewsd, UnitFloatd

BYTES = np.array([[[0, 51], [102, 255]]], np.uint8)
FIFTHS = [[[0, 0.2], [0.4, 1]]]
KINDS = pytest.mark.parametrize("kind", [np.asarray, torch.as_tensor, MetaTensor], ids=["numpy", "tensor", "meta"])


@KINDS
def test_bytes_become_unit_floats(kind):
    data = {"volume": kind(BYTES), "class": 3}
    result = UnitFloatd("volume")(data)
    assert (type(result["volume"]), result["volume"].dtype) == (torch.Tensor, torch.float32)
    np.testing.assert_allclose(result["volume"], FIFTHS, rtol=1e-7)
    assert result["class"] == 3
    assert data["volume"].dtype in (np.uint8, torch.uint8)


def test_all_grey_values_are_divided_exactly():
    greys = np.arange(256, dtype=np.uint8).reshape(1, 16, 16)
    assert (UnitFloatd("image")({"image": greys})["image"].numpy() == greys / np.float32(255)).all()


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64], ids=lambda dtype: dtype.__name__)
def test_floats_keep_their_values(dtype):
    image = np.array([[[-1.5, 300]]], dtype)
    result = UnitFloatd("image")({"image": image})["image"]
    assert result.dtype == torch.float32
    assert result.tolist() == image.tolist()
    result += 1
    assert image.tolist() == [[[-1.5, 300]]]


@KINDS
def test_views_are_stacked_in_order(kind):
    result = StackViewsd()({"image": kind(BYTES), "view_2": kind(BYTES // 2), "volume": 0})
    assert sorted(result) == ["image", "volume"]
    assert (type(result["image"]), result["image"].shape) == (torch.Tensor, (2, 1, 2, 2))
    np.testing.assert_allclose(result["image"], [FIFTHS, (BYTES // 2) / 255], rtol=1e-6)


def test_names_may_be_chosen():
    result = StackViewsd(["a", "b", "c"], name="views")({"a": BYTES, "b": BYTES, "c": BYTES})
    assert sorted(result) == ["views"]
    assert result["views"].shape == (3, 1, 2, 2)


def test_read_only_views_are_enough():
    image = BYTES.copy()
    image.flags.writeable = False
    assert StackViewsd()({"image": image, "view_2": image})["image"].sum() == pytest.approx(2 * 1.6)


@pytest.mark.parametrize(
    ("second", "found"),
    [
        pytest.param(BYTES[:, :1], r"'view_2': \('uint8', 1, 1, 2\)", id="shape"),
        pytest.param(BYTES / 255, r"'view_2': \('float64', 1, 2, 2\)", id="kind"),
    ],
)
def test_views_that_differ_are_refused(second, found):
    with pytest.raises(ValueError, match=rf"one shape and kind of numbers, got .*{found}"):
        StackViewsd()({"image": BYTES, "view_2": second})


@pytest.mark.parametrize("dtype", [np.int16, bool], ids=["int16", "bool"])
def test_other_numbers_are_refused(dtype):
    with pytest.raises(TypeError, match="UnitFloatd needs 8-bit or floating-point numbers, got"):
        UnitFloatd("image")({"image": BYTES.astype(dtype)})


def test_missing_keys():
    with pytest.raises(KeyError, match="view_2"):
        StackViewsd()({"image": BYTES})
    assert UnitFloatd("volume", allow_missing_keys=True)({"image": BYTES}) == {"image": BYTES}
