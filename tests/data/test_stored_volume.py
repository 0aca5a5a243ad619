"""A stored volume gives back what was written, whole or in part."""

import numpy as np
import pytest

from medssl.data import open_stored, read_crop, read_stored, write_stored

AFFINE = np.diag([2.0, 2.0, 5.0, 1.0])


@pytest.fixture
def image():
    return np.random.default_rng(1).integers(-1024, 3071, (1, 70, 40, 33)).astype(np.float32)


def test_whole_volume_and_affine(tmp_path, image):
    stored = open_stored(write_stored(tmp_path / "deep" / "a.b2nd", image, affine=AFFINE))
    assert stored.dtype == np.int16
    assert np.array_equal(stored[:], image)
    assert np.array_equal(stored.vlmeta["affine"], AFFINE)


@pytest.mark.parametrize("corner", [(0, 0, 0), (5, 31, 17), (54, 32, 25)], ids=str)
def test_crop_is_the_slice(tmp_path, image, corner):
    stored = open_stored(write_stored(tmp_path / "a.b2nd", image, affine=AFFINE))
    x, y, z = corner
    assert np.array_equal(read_crop(stored, corner=corner, size=(16, 8, 8)), image[:, x : x + 16, y : y + 8, z : z + 8])


def test_box_outside_is_refused(tmp_path, image):
    stored = open_stored(write_stored(tmp_path / "a.b2nd", image, affine=AFFINE))
    with pytest.raises(ValueError, match=r"\(60, 0, 0\) of size \(16, 8, 8\) does not lie inside \(70, 40, 33\)"):
        read_crop(stored, corner=(60, 0, 0), size=(16, 8, 8))


def test_fractions_of_a_wide_range_are_rounded(tmp_path):
    wide = np.linspace(-1000, 1000, 4**3, dtype=np.float32).reshape(1, 4, 4, 4)
    stored = open_stored(write_stored(tmp_path / "a.b2nd", wide, affine=AFFINE))
    assert np.abs(stored[:] - wide).max() <= 0.5


@pytest.mark.parametrize(("low", "high"), [(0, 1), (-0.5, 200), (0, 60000)], ids=["mr", "small-range", "too-far"])
def test_other_values_are_scaled(tmp_path, low, high):
    image = np.linspace(low, high, 8**3, dtype=np.float32).reshape(1, 8, 8, 8)
    stored = open_stored(write_stored(tmp_path / "a.b2nd", image, affine=AFFINE))
    assert stored.dtype == np.int16
    assert read_stored(stored).dtype == np.float32
    np.testing.assert_allclose(read_stored(stored), image, atol=max(-low, high) / 65000)
    crop = read_crop(stored, corner=(1, 2, 3), size=(4, 4, 4))
    assert np.array_equal(crop, read_stored(stored)[:, 1:5, 2:6, 3:7])


def test_percentiles_are_those_of_the_values(tmp_path, image):
    for name, values in {"whole": image, "fractions": image / 3071}.items():
        stored = open_stored(write_stored(tmp_path / f"{name}.b2nd", values, affine=AFFINE, source="abc"))
        np.testing.assert_allclose(stored.vlmeta["percentiles"], np.percentile(values, (1, 99)), rtol=1e-3)
        assert stored.vlmeta["source"] == "abc"


@pytest.mark.parametrize("values", [[-5.0, 40000.0], [0.0, 0.5]], ids=["too-far", "fractions"])
def test_label_maps_that_do_not_fit_are_refused_and_leave_nothing(tmp_path, values):
    with pytest.raises(ValueError, match=r"whole numbers from -32768 to 32767, got values in \[-?\d, \d"):
        write_stored(tmp_path / "a.b2nd", np.array([[values]]), affine=AFFINE, exact=True)
    assert list(tmp_path.iterdir()) == []
