"""Slice locations worked out by hand."""

import math

import pytest

from medssl.geometry import dicom_affine, lps_ras, relative_locations, slice_positions, stack_direction

DOWN = (0, 0, -1)


def stack(*heights, orientation=(1, 0, 0, 0, 1, 0)):
    return [dicom_affine((3, 4, height), orientation, spacing=(1, 2)) for height in heights]


@pytest.mark.parametrize("orientation", [(1, 0, 0, 0, 1, 0), (0, 1, 0, 1, 0, 0)], ids=["upwards", "downwards"])
def test_reference_decides_which_end_is_first(orientation):
    affines = stack(20, 0, 40, orientation=orientation)
    assert slice_positions(affines, DOWN) == pytest.approx([20, 40, 0])
    assert slice_positions(affines, (0.1, 0, 5)) == pytest.approx([20, 0, 40])
    assert lps_ras(stack_direction(affines, DOWN)).tolist() == pytest.approx(DOWN)


def test_one_turned_slice_does_not_matter():
    affines = stack(0, 8) + stack(16, orientation=(0, 1, 0, 1, 0, 0))
    assert slice_positions(affines, DOWN) == pytest.approx([16, 8, 0])


def test_order_of_the_slices_does_not_matter():
    tilted = [dicom_affine((0, 0, 10 * n), (1, 0, 0.01 * n, 0, 1, 0), spacing=(1, 1)) for n in range(4)]
    there, back = slice_positions(tilted, DOWN), slice_positions(tilted[::-1], DOWN)
    assert there == pytest.approx(back[::-1])


def test_without_a_reference_the_own_normal_counts():
    assert slice_positions(stack(20, 0), None) == pytest.approx([20, 0])
    assert slice_positions(stack(20, 0, orientation=(0, 1, 0, 1, 0, 0)), None) == pytest.approx([0, 20])


def test_reference_across_the_stack_says_nothing():
    found = slice_positions(stack(20, 0), (1, 0, 0.05))
    assert all(map(math.isnan, found + relative_locations(found)))


@pytest.mark.parametrize(
    ("positions", "expected"),
    [
        pytest.param([5, 0, 20], [0.25, 0, 1], id="positions-not-indices"),
        pytest.param([0, 10, 10, 20], [0, 0.5, 0.5, 1], id="repeated"),
        pytest.param([-3, -5], [1, 0], id="below-0"),
    ],
)
def test_locations_by_hand(positions, expected):
    assert relative_locations(positions) == expected


@pytest.mark.parametrize("positions", [[7.0], [7.0, 7.0], [7.0, 7.05]], ids=["one", "repeated", "nearly-repeated"])
def test_one_position_has_no_location(positions):
    assert all(map(math.isnan, relative_locations(positions)))
