"""A stored volume gives back what was written, whole or in part."""

import numpy as np
import pytest

from medssl.data import open_stored, read_crop, write_stored

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


def test_fine_values_are_rounded_only_where_that_is_harmless(tmp_path):
    wide = np.linspace(-1000, 1000, 4**3, dtype=np.float32).reshape(1, 4, 4, 4)
    stored = open_stored(write_stored(tmp_path / "a.b2nd", wide, affine=AFFINE))
    assert np.abs(stored[:] - wide).max() <= 0.5
    with pytest.raises(ValueError, match=r"rounding would spoil values in \[0, 1\]"):
        write_stored(tmp_path / "b.b2nd", (wide + 1000) / 2000, affine=AFFINE)


def test_values_that_do_not_fit_are_refused_and_leave_nothing(tmp_path):
    with pytest.raises(ValueError, match=r"from -32768 to 32767, got \[-5, 40000\]"):
        write_stored(tmp_path / "a.b2nd", np.array([[[-5.0, 40000.0]]]), affine=AFFINE)
    assert list(tmp_path.iterdir()) == []
