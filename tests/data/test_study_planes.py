"""What one plane must be, and which of its frames are kept."""

import numpy as np
import pytest

from medssl.data.study_planes import chosen_frames, require_right_angle, upright


def test_third_column_becomes_the_normal_and_keeps_its_length():
    affine = np.array([[2.0, 0, 3, 7], [0, 1, 0, 8], [0, 0, -4, 9], [0, 0, 0, 1]])
    expected = [[2, 0, 0, 7], [0, 1, 0, 8], [0, 0, 5, 9], [0, 0, 0, 1]]  # u x v points up
    assert upright(affine).tolist() == expected
    affine[:3, 2] = 0
    assert upright(affine)[:3, 2].tolist() == [0, 0, 1]


@pytest.mark.parametrize(
    ("across", "down", "message"),
    [
        pytest.param([1, 0, 0], [0.1, 1, 0], "meet at 84.29 degrees, needed are 90", id="sheared"),
        pytest.param([1, 0, 0], [0.0017, 1, 0], "", id="rounded"),
        pytest.param([1, 0, 0], [0, 0, 0], r"pixels of the size \[1.0, 0.0\] mm", id="no-rows"),
        pytest.param([1, 0, 0], [0, np.nan, 0], "correct its header", id="not-a-number"),
    ],
)
def test_rows_and_columns_meet_at_a_right_angle(across, down, message):
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1] = across, down
    if message:
        with pytest.raises(ValueError, match=f"^a.dcm has .*{message}"):
            require_right_angle(affine, "a.dcm")
    else:
        assert require_right_angle(affine, "a.dcm") is None


@pytest.mark.parametrize(
    ("frames", "expected"),
    [
        pytest.param("all", [0, 1, 2], id="all"),
        pytest.param("first", [0], id="first"),
        pytest.param([2, 0], [2, 0], id="numbers"),
        pytest.param([-1, 9], [2], id="from-the-end-and-beyond"),
        pytest.param([9], [0], id="none-of-them"),
    ],
)
def test_frames_by_hand(frames, expected):
    assert chosen_frames(3, frames) == expected


@pytest.mark.parametrize("frames", ["last", [], [0.5]])
def test_frames_must_be_understood(frames):
    with pytest.raises(ValueError, match="frames is 'all', 'first' or a list of numbers"):
        chosen_frames(3, frames)
