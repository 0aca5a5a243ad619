"""Voxel sizes and axes worked out by hand."""

import math

import pytest
import torch

from medssl.geometry import array_axes, is_singular, voxel_size

TURN = math.sqrt(0.5)
UPRIGHT = torch.tensor([[-2.0, 0, 0, 90], [0, 3, 0, -20], [0, 0, 5, 7], [0, 0, 0, 1]])
SAGITTAL = torch.tensor([[0, 0, 5.0, 0], [2, 0, 0, 0], [0, -3, 0, 0], [0, 0, 0, 1]])
TURNED = torch.tensor([[2 * TURN, -4 * TURN, 0.0], [2 * TURN, 4 * TURN, 0], [0, 0, 1]])


@pytest.mark.parametrize(
    ("affine", "size"),
    [(UPRIGHT, [2, 3, 5]), (SAGITTAL, [2, 3, 5]), (TURNED, [2, 4])],
    ids=["upright", "sagittal", "turned-2d"],
)
def test_voxel_size_by_hand(affine, size):
    assert voxel_size(affine).tolist() == pytest.approx(size)


def test_array_axes_by_hand():
    assert array_axes(UPRIGHT) == [0, 1, 2]
    assert array_axes(SAGITTAL) == [2, 0, 1]


def test_every_axis_is_given_once_however_oblique():
    tilted = torch.tensor([[1.0, 1, 1, 0], [0.9, 1, 0, 0], [0, 0.1, 1, 0], [0, 0, 0, 1]])
    assert sorted(array_axes(tilted)) == [0, 1, 2]


@pytest.mark.parametrize(
    ("change", "singular"),
    [
        pytest.param({}, False, id="ordinary"),
        pytest.param({(0, 0): 1e-9}, False, id="tiny-voxels"),
        pytest.param({(2, 2): 0.0}, True, id="no-third-axis"),
        pytest.param({(0, 2): 5.0, (2, 2): 0.0}, True, id="axes-in-one-plane"),
        pytest.param({(1, 1): math.nan}, True, id="not-a-number"),
    ],
)
def test_singular(change, singular):
    affine = UPRIGHT.clone()
    for place, value in change.items():
        affine[place] = value
    assert is_singular(affine) is singular
