"""Lines worked out by hand, and what must hold of all."""

import math

import pytest
import torch

from medssl.geometry import (
    clip_line,
    dicom_affine,
    line_angle_deg,
    line_distances,
    line_form,
    line_map,
    line_status,
    lps_ras,
    moved_form,
    pixel_axes,
    unit_form,
)

HOST = dicom_affine((0, 0, 0), (1, 0, 0, 0, 1, 0), spacing=(3, 2))  # columns 2 mm, rows 3 mm apart
SIZE = (11, 5)
UNIT = torch.eye(2, dtype=torch.float64)


def double(*numbers):
    return torch.tensor(numbers, dtype=torch.float64)


def guest(left, *, tilt=90.0):
    """A plane that cuts the host in the column at so many mm to the left, at a dihedral angle in degrees."""
    turn = math.radians(tilt)
    return dicom_affine((left, 0, 0), (0, 1, 0, math.cos(turn), 0, math.sin(turn)), spacing=(1, 1))


@pytest.mark.parametrize("tilt", [90, 40, 140, 2])
def test_form_measures_in_the_plane_whatever_the_tilt(tilt):
    form = line_form(HOST, guest(5, tilt=tilt))
    torch.testing.assert_close(form.abs(), double(2, 0, 5), rtol=0, atol=1e-12)


def test_parallel_planes_have_no_line():
    assert line_form(HOST, guest(5, tilt=0)).isnan().all()
    assert line_form(HOST, guest(5, tilt=0.005)).isnan().all()
    assert not line_form(HOST, guest(5, tilt=0.006)).isnan().any()


@pytest.mark.parametrize(
    ("other", "status"),
    [
        pytest.param(guest(5), "intersects", id="inside"),
        pytest.param(guest(20), "intersects", id="last-column"),
        pytest.param(guest(20.5), "outside", id="beyond-the-last-pixels-centre"),
        pytest.param(guest(5, tilt=0), "coincident", id="same-plane"),
        pytest.param(dicom_affine((0, 0, 2), (1, 0, 0, 0, 1, 0), spacing=(1, 1)), "parallel", id="2-mm-above"),
    ],
)
def test_status(other, status):
    assert line_status(HOST, other, size=SIZE) == status


@pytest.mark.parametrize(
    ("form", "box", "expected"),
    [
        pytest.param((1, 0, -3), "centre", [[3, 0], [3, 4]], id="column"),
        pytest.param((0, 2, -3), "centre", [[0, 1.5], [10, 1.5]], id="row"),
        pytest.param((0, 2, -3), "edge", [[-0.5, 1.5], [10.5, 1.5]], id="row-to-the-edge"),
        pytest.param((1, -1, 0), "centre", [[0, 0], [4, 4]], id="through-a-corner"),
        pytest.param((-1, -1, 14), "centre", [[10, 4], [10, 4]], id="corner-alone"),
        pytest.param((1, 0, 0.25), "centre", None, id="misses-centres"),
        pytest.param((1, 0, 0.25), "edge", [[-0.25, -0.5], [-0.25, 4.5]], id="meets-edges"),
        pytest.param((math.nan, math.nan, math.nan), "edge", None, id="unknown"),
        pytest.param((0, 0, 1), "edge", None, id="no-direction"),
    ],
)
def test_clipping_by_hand(form, box, expected):
    found = clip_line(double(*form), SIZE, box=box)
    assert expected is None if found is None else found.tolist() == expected


def test_other_boxes_are_refused():
    with pytest.raises(ValueError, match="boxes centre, edge, got 'corner'"):
        clip_line(double(1, 0, 0), SIZE, box="corner")


def test_map_by_hand():
    found = line_map(torch.stack([double(2, 0, -4), double(0, 3, 0)]), (4, 2), sigma_mm=2)
    assert found.shape == (2, 4, 2)
    assert found[0, :, 0].tolist() == pytest.approx([math.exp(-2), math.exp(-0.5), 1, math.exp(-0.5)])
    assert found[1, 2].tolist() == pytest.approx([1, math.exp(-9 / 8)])


def test_unknown_lines_have_unknown_maps():
    found = line_map(torch.stack([double(1, 0, 0), double(math.nan, math.nan, math.nan)]), SIZE, sigma_mm=3)
    assert found.isnan().flatten(1).all(dim=1).tolist() == [False, True]
    assert line_map(torch.zeros(0, 3), SIZE, sigma_mm=3).shape == (0, *SIZE)


@pytest.mark.parametrize(
    "new_to_old",
    [
        pytest.param([[-1, 0, 10], [0, 1, 0], [0, 0, 1]], id="flipped"),
        pytest.param([[1, 0, 2], [0, 1, -1], [0, 0, 1]], id="cropped"),
        pytest.param([[0, 1, 0], [1, 0, 0], [0, 0, 1]], id="transposed"),
        pytest.param([[0.8, 0.3, 1], [-0.2, 0.7, 2], [0, 0, 1]], id="turned-and-sheared"),
    ],
)
def test_moved_lines_are_those_of_the_moved_image(new_to_old):
    new_to_old = double(*map(tuple, new_to_old))
    in_space = torch.eye(4, dtype=torch.float64)
    rows = [[0], [1], [3]]
    in_space[rows, [0, 1, 3]] = new_to_old
    other = dicom_affine((3, 1, 0), (0.6, 0.8, 0, 0, 0.28, 0.96), spacing=(1, 1))
    moved = moved_form(line_form(HOST, other), new_to_old)
    torch.testing.assert_close(line_form(HOST @ in_space, other), moved, rtol=0, atol=1e-12)


def test_frames_mixed_up_are_not_the_same_line():
    other = dicom_affine((3, 1, 0), (0.6, 0.8, 0, 0, 0.28, 0.96), spacing=(1, 1))
    mixed = line_form(lps_ras(HOST), other)
    assert line_distances(line_form(HOST, other), mixed, size=SIZE, axes=pixel_axes(HOST)).min() > 3


@pytest.mark.parametrize("factor", [1, -0.01, 300])
def test_errors_do_not_depend_on_how_a_form_is_scaled(factor):
    true, found, axes = double(2, 0, -10), factor * double(2, 3, -16), pixel_axes(HOST)
    assert line_angle_deg(true, found, axes=axes) == pytest.approx(45)
    # along the column u = 5 the other line, at 45 degrees in mm, is |3 v - 6| / sqrt(2) away
    distances = line_distances(true, found, size=SIZE, axes=axes, points=5)
    assert distances.tolist() == pytest.approx([each / math.sqrt(2) for each in (6, 3, 0, 3, 6)])
    torch.testing.assert_close(unit_form(found, axes).abs(), double(2, 3, 16) / math.sqrt(2))


def test_distances_need_a_true_line_in_the_image():
    with pytest.raises(ValueError, match=r"inside the image of \(11, 5\)"):
        line_distances(double(1, 0, 9), double(1, 0, 0), size=SIZE, axes=UNIT)


def test_angles_are_acute():
    degrees = [line_angle_deg(double(1, 0, 0), double(math.cos(t), math.sin(t), 3), axes=UNIT) for t in (0.1, 3, 6)]
    assert degrees == pytest.approx([math.degrees(0.1), math.degrees(math.pi - 3), math.degrees(2 * math.pi - 6)])
