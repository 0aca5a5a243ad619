"""Where finite planes cross."""

import math

import pytest
import torch

from medssl.geometry import (
    angle_between_deg,
    clip_line,
    common_segments,
    dicom_affine,
    line_form,
    pixels_of,
    points_of,
    sine_between,
)

AXIAL = torch.eye(4, dtype=torch.float64)  # u to the right, v to the front, at z = 0
CORONAL = torch.tensor([[1.0, 0, 0, 2], [0, 0, 1, 3], [0, 1, 0, -4], [0, 0, 0, 1]], dtype=torch.float64)  # y = 3


def segment(host, guest, sizes=((11, 11), (6, 9)), **words):
    return common_segments(host[None], guest[None], sizes=torch.tensor([sizes]), **words)[0]


def oblique(seed):
    generator = torch.Generator().manual_seed(seed)
    turn = torch.linalg.qr(torch.randn(3, 3, generator=generator, dtype=torch.float64))[0]
    place = torch.randn(3, generator=generator, dtype=torch.float64) * 5
    return dicom_affine(place - 20 * (turn[0] + turn[1]), [*turn[0], *turn[1]], spacing=(0.8, 1.3))


def test_both_images_clip_the_line():
    ends = segment(AXIAL, CORONAL)  # x: 0 to 10 in the first, 2 to 7 in the second, whose z runs from -4 to 4
    assert sorted(ends.tolist()) == [[2.0, 3.0, 0.0], [7.0, 3.0, 0.0]]


@pytest.mark.parametrize(
    ("guest", "sizes"),
    [
        pytest.param(AXIAL, ((11, 11), (11, 11)), id="same-plane"),
        pytest.param(CORONAL, ((11, 11), (6, 4)), id="second-image-ends-below"),
        pytest.param(CORONAL, ((2, 11), (6, 9)), id="side-by-side-on-the-line"),
        pytest.param(CORONAL, ((11, 3), (6, 9)), id="first-image-ends-before"),
    ],
)
def test_images_that_do_not_meet_share_nothing(guest, sizes):
    assert segment(AXIAL, guest, sizes).isnan().all()


def test_planes_that_are_nearly_parallel_do_not_count_as_crossing():
    tilt = math.radians(20)
    tilted = AXIAL.clone()
    tilted[:3, 1] = torch.tensor([0, math.cos(tilt), math.sin(tilt)])
    tilted[:3, 3] = torch.tensor([0, 0, -1.0])
    assert angle_between_deg(AXIAL, tilted) == pytest.approx(20)
    sizes = ((11, 11), (11, 11))
    assert segment(AXIAL, tilted, sizes, least_angle_deg=19).isfinite().all()
    assert segment(AXIAL, tilted, sizes, least_angle_deg=21).isnan().all()


def test_lines_agree_with_those_of_either_image():
    """The other derivation: both ends lie on the line in the pixels of each image, inside both, at a border of one."""
    pairs = [(oblique(seed), oblique(seed + 100)) for seed in range(40)]
    sizes = torch.tensor([[[50, 40], [45, 60]]]).expand(len(pairs), 2, 2)
    found = common_segments(*(torch.stack(planes) for planes in zip(*pairs, strict=True)), sizes=sizes)
    crossing = [(pair, ends) for pair, ends in zip(pairs, found, strict=True) if ends.isfinite().all()]
    assert len(crossing) > 10
    for (one, other), ends in crossing:
        at_border = torch.zeros(2, dtype=torch.bool)
        for host, guest, size in ((one, other, (50, 40)), (other, one, (45, 60))):
            pixels, last = pixels_of(host, ends), torch.tensor(size).double() - 1
            a, b, c = line_form(host, guest)
            assert torch.allclose(pixels @ torch.stack([a, b]), -c)
            assert bool(((pixels > -1e-6) & (pixels < last + 1e-6)).all())
            at_border |= ((pixels < 1e-6) | (pixels > last - 1e-6)).any(dim=1)
        assert bool(at_border.all())


def test_images_without_a_common_segment_have_lines_apart():
    pairs = [(oblique(seed), oblique(seed + 100)) for seed in range(40)]
    sizes = torch.tensor([[[12, 9], [9, 12]]]).expand(len(pairs), 2, 2)
    found = common_segments(*(torch.stack(planes) for planes in zip(*pairs, strict=True)), sizes=sizes)
    apart = [pair for pair, ends in zip(pairs, found, strict=True) if ends.isnan().any()]
    assert 0 < len(apart) < len(pairs)
    for one, other in apart:
        piece = clip_line(line_form(one, other), (12, 9))
        if piece is not None:
            share = torch.linspace(0, 1, 200, dtype=torch.float64)[:, None]
            pixels = pixels_of(other, points_of(one, piece[0] + share * (piece[1] - piece[0])))
            assert not bool(((pixels >= 0) & (pixels <= torch.tensor([8, 11]))).all(dim=1).any())


def test_points_and_pixels_undo_each_other():
    affine = oblique(3)
    pixels = torch.tensor([[0.0, 0], [3, 4.5], [-2, 7]], dtype=torch.float64)
    points = points_of(affine, pixels)
    assert torch.allclose(points[0], affine[:3, 3])
    assert torch.allclose(pixels_of(affine, points), pixels)
    lifted = points + torch.linalg.cross(affine[:3, 0], affine[:3, 1])
    assert torch.allclose(pixels_of(affine, lifted), pixels)


def test_the_angle_is_that_of_the_sine():
    one, other = oblique(1), oblique(2)
    assert math.sin(math.radians(angle_between_deg(one, other))) == pytest.approx(sine_between(one, other))
    assert angle_between_deg(AXIAL, CORONAL) == pytest.approx(90)
