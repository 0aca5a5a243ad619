"""Planes worked out by hand, and what must hold of all."""

import math

import pytest
import torch

from medssl.geometry import (
    dicom_affine,
    distance_form,
    lps_ras,
    normal,
    pixel_axes,
    sine_between,
    slice_affine,
    voxel_size,
)

AXIAL = {"position": (-100, -80, 7), "orientation": (1, 0, 0, 0, 1, 0)}
SAGITTAL = dicom_affine((10, -110, 90), (0, 1, 0, 0, 0, -1), spacing=(1, 1))
HOST = dicom_affine(**AXIAL, spacing=(3, 2), thickness=8)
SHEARED = torch.tensor([[2, 1, 0, 5], [0, 3, 4, 6], [0, 0, 5, 7], [0, 0, 0, 1.0]], dtype=torch.float64)


def close(found, expected):
    return torch.allclose(found, torch.as_tensor(expected, dtype=torch.float64), rtol=0, atol=1e-12)


def test_header_by_hand():
    assert close(HOST, [[-2, 0, 0, 100], [0, -3, 0, 80], [0, 0, 8, 7], [0, 0, 0, 1]])
    assert HOST.dtype == torch.float64


def test_column_steps_are_the_second_spacing():
    assert voxel_size(HOST).tolist() == [2, 3, 8]


@pytest.mark.parametrize("shape", [(3,), (3, 2), (4, 4)], ids=["point", "points", "affine"])
def test_frames_change_by_two_signs_and_back(shape):
    values = torch.rand(*shape, dtype=torch.float64)
    before = values.clone()
    turned = lps_ras(values)
    assert close(turned[:2], -values[:2])
    assert close(turned[2:], values[2:])
    assert close(lps_ras(turned), values)
    assert close(values, before)


def test_slices_follow_the_third_column():
    assert close(slice_affine(HOST, 3), [[-2, 0, 0, 100], [0, -3, 0, 80], [0, 0, 8, 31], [0, 0, 0, 1]])
    assert close(slice_affine(HOST.tolist(), 0), HOST)


def test_normal_does_not_read_the_third_column():
    filled = HOST.clone()
    filled[:3, 2] = torch.tensor([1.0, 0, -9])
    assert close(normal(filled), [0, 0, 1])
    assert close(normal(SAGITTAL), [1, 0, 0])


def test_distance_by_hand():
    """Pixel (u, v) lies at L -100 + 2u; the guest at L 10 looks to the right, as column times row step says."""
    assert close(distance_form(HOST, SAGITTAL), [-2, 0, 110])


def test_distance_is_that_of_each_pixel_in_space():
    guest = slice_affine(SHEARED, 2)
    a, b, c = distance_form(HOST, guest)
    for u, v in ((0, 0), (5, 0), (3, 11)):
        place = HOST @ torch.tensor([u, v, 0, 1], dtype=torch.float64)
        assert close(a * u + b * v + c, normal(guest) @ (place - guest[:, 3])[:3])


@pytest.mark.parametrize("degrees", [0, 1e-4, 30, 90, 150])
def test_angle_between_planes(degrees):
    turn = math.radians(degrees)
    guest = dicom_affine((4, 5, 6), (math.cos(turn), 0, math.sin(turn), 0, 1, 0), spacing=(1, 1))
    assert sine_between(HOST, guest) == pytest.approx(abs(math.sin(turn)), abs=1e-15)


@pytest.mark.parametrize("affine", [HOST, SAGITTAL, SHEARED], ids=["upright", "sagittal", "sheared"])
def test_pixel_axes_keep_lengths_angles_and_order(affine):
    axes, steps = pixel_axes(affine), affine[:3, :2]
    assert close(axes.T @ axes, steps.T @ steps)
    assert axes[1, 0] == 0
    assert axes.diagonal().min() > 0
