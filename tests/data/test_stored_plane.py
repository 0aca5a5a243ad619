"""Values become grey values by a window."""

import numpy as np
import pytest

from medssl.data.stored_plane import Plane, checked_window

VALUES = np.array([[0, 100], [200, 400]], np.uint16)


def plane(values=VALUES, **more):
    return Plane(values, np.eye(4), **more)


def test_window_by_hand():
    assert plane().grey([100, 300]).tolist() == [[0, 0], [128, 255]]
    assert plane(inverted=True).grey((100, 300)).tolist() == [[255, 255], [127, 0]]


def test_none_leaves_values_alone():
    assert plane(inverted=True).grey("none") is VALUES


def test_auto_keeps_eight_bits():
    values = np.array([[3, 250]], np.uint8)
    assert plane(values).grey("auto").tolist() == [[3, 250]]
    assert plane(values, inverted=True).grey("auto").tolist() == [[252, 5]]


def test_auto_takes_what_the_header_shows():
    shown = np.array([[0.0, 0.2], [1.0, 1.5]])
    assert plane(shown=shown).grey("auto").tolist() == [[0, 51], [255, 255]]
    assert plane(shown=shown).grey([0, 400]).tolist() == [[0, 64], [128, 255]]


def test_auto_of_many_bits_is_from_percentile_to_percentile():
    values = np.arange(1001, dtype=np.uint16).reshape(7, 143)  # percentiles 5 and 995
    grey = plane(values).grey().ravel()
    assert grey[[0, 5, 500, 995, 1000]].tolist() == [0, 0, 128, 255, 255]
    assert grey[10] == 1  # 5 / 990 * 255 = 1.3


def test_large_planes_are_sampled_evenly():
    values = np.random.default_rng(0).integers(0, 4096, (2300, 1700)).astype(np.uint16)
    low, high = np.percentile(values, (0.5, 99.5))
    whole = np.clip((values - low) / (high - low), 0, 1) * 255
    assert np.abs(plane(values).grey() - whole).max() < 2


def test_one_value_is_black():
    assert plane(np.full((3, 3), 7.0)).grey().tolist() == [[0] * 3] * 3


@pytest.mark.parametrize("window", ["all", [1], [3, 3], [5, 1], ["1", "2"], None, 7], ids=str)
def test_refuses(window):
    with pytest.raises(ValueError, match=r"window is 'auto', 'none' or \[lowest, highest\]"):
        checked_window(window)
