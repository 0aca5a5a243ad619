"""Heat maps and boxes."""

import numpy as np
import pytest

from medssl.metrics import accuracy_at, box_above, box_ious, lies_within, peak

HEAT = np.zeros((6, 5))
HEAT[1:4, 2:4] = 0.6  # six pixels
HEAT[5, 0] = 1.0  # the hottest, on its own
NOTHING = np.full(4, np.nan)


@pytest.mark.parametrize(
    ("share", "expected"),
    [pytest.param(0.5, [1, 2, 3, 2], id="largest-piece"), pytest.param(0.9, [5, 0, 1, 1], id="hottest-piece")],
)
def test_box_around_the_largest_piece_that_is_hot(share, expected):
    assert box_above(HEAT, share).tolist() == expected


def test_corners_do_not_connect():
    assert box_above(np.eye(3)).tolist() == [0, 0, 1, 1]


def test_a_cold_map_has_no_box_and_no_peak():
    assert np.isnan(box_above(np.zeros((3, 4)))).all()
    assert not lies_within(peak(np.zeros((3, 4))), np.array([[0, 0, 3, 4]]))


def test_the_peak_is_a_pixels_centre():
    assert peak(HEAT).tolist() == [5.5, 0.5]


@pytest.mark.parametrize(
    ("boxes", "expected"),
    [
        pytest.param([[5, 0, 1, 1]], True, id="within"),
        pytest.param([NOTHING, [0, 0, 6, 5]], True, id="in-one-of-them"),
        pytest.param([[0, 0, 5, 5]], False, id="beside"),
        pytest.param([NOTHING], False, id="no-box"),
    ],
)
def test_pointing_game(boxes, expected):
    assert lies_within(peak(HEAT), np.array(boxes)) is expected


def test_overlap_by_hand():
    others = np.array([[0, 0, 4, 2], [2, 1, 4, 2], [10, 10, 1, 1], NOTHING])
    assert box_ious(np.array([0, 0, 4, 2.0]), others) == pytest.approx([1, 2 / 14, 0, 0])
    assert box_ious(NOTHING, others).tolist() == [0, 0, 0, 0]


def test_accuracy_counts_who_reaches_the_threshold():
    assert accuracy_at([0.0, 0.1, 0.5, 0.9], [0.1, 0.5, 0.6]) == [0.75, 0.5, 0.25]
