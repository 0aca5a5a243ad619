"""How alike crossing images are along their line."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from medssl.data import PlaneImage, agreements, line_profiles, profile_shifts, shared_segments
from medssl.data.plane_profiles import correlations, local_spread
from tests.data.plane_studies import heart, plane_affine, plane_image

AXIAL = plane_affine((1, 0, 0), (0, 1, 0), centre=(0, 0, 0), size=(41, 31), spacing=(2.0, 3.0))
CORONAL = plane_affine((1, 0, 0), (0, 0, 1), centre=(10, 6, 0), size=(31, 21), spacing=(2.0, 2.0))


def ramp(affine, size):
    """Grey values that are the world's x."""
    u = np.arange(size[0])[:, None] * np.ones(size[1])
    return PlaneImage("ramp", "ramp", affine, float(affine[0, 3]) + float(affine[0, 0]) * u)


def test_samples_lie_a_millimetre_apart_on_the_line():
    pair = ramp(AXIAL, (41, 31)), ramp(CORONAL, (31, 21))
    profiles, lengths = line_profiles([pair])
    assert lengths.tolist() == pytest.approx([60])  # x from -20 to 40 in both
    assert profiles.shape == (1, 2, 61)
    for profile in profiles[0]:
        assert sorted(profile) == pytest.approx(list(np.arange(-20.0, 41)), abs=1e-5)


def test_the_same_tissue_gives_the_same_profile():
    images = heart()
    pairs = [(one, other) for one in images for other in images if one.stack < other.stack]
    found = agreements(pairs)
    assert found[:, 0].min() > 0.999
    assert found[:, 1].min() > 0.98
    assert found[:, 2].tolist() == pytest.approx(
        [float((ends[1] - ends[0]).norm()) for ends in shared_segments(pairs)], abs=1e-6
    )


def test_another_contrast_spoils_the_grey_values_but_not_the_edges():
    first, second = heart()[0], heart()[-1]
    grey, edges, _ = agreements([(first, replace(second, values=-3 * second.values + 7))])[0]
    assert grey == pytest.approx(-1, abs=1e-3)
    assert edges > 0.98


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param(AXIAL, AXIAL, id="parallel"),
        pytest.param(AXIAL, CORONAL + torch.tensor([[0, 0, 0, 65.0], *[[0] * 4] * 3]), id="less-than-20-mm-in-common"),
        pytest.param(AXIAL, CORONAL + torch.tensor([[0] * 4, [0, 0, 0, 90.0], [0] * 4, [0] * 4]), id="apart"),
    ],
)
def test_without_a_common_line_nothing_is_known(first, second):
    pair = plane_image("a", "a", first, (41, 31)), plane_image("b", "b", second, (31, 21))
    assert np.isnan(agreements([pair])).all()
    crossing = heart()[0], heart()[-1]
    assert np.isfinite(agreements([pair, crossing])[1]).all()


def test_a_uniform_image_agrees_with_nothing():
    first, second = heart()[0], heart()[-1]
    assert np.isnan(agreements([(first, replace(second, values=np.ones_like(second.values)))])).all()
    assert agreements([]).shape == (0, 3)


def test_a_shift_is_measured_along_the_line():
    """A breath moves the body, and the header does not know."""
    size = (60, 40)
    first = plane_image("a", "a", plane_affine((1, 0, 0), (0, 1, 0), centre=(0, 0, 0), size=size), size)
    second = plane_image("b", "b", plane_affine((1, 0, 0), (0, 0, 1), centre=(0, 0, 0), size=size), size)
    for shift in (0.0, 7.0, -12.0):
        affine = second.affine.clone()
        affine[0, 3] += shift
        assert profile_shifts([(first, replace(second, affine=affine))]).tolist() == [abs(shift)]
    assert np.isnan(profile_shifts([(first, first)])).all()
    assert profile_shifts([]).shape == (0,)


def test_correlations_by_hand_leave_out_what_is_unknown():
    first = np.array([[1.0, 2, 3, 99], [1, 2, 3, 4]])
    second = np.array([[2.0, 4, 6, -5], [4, 3, 2, 1]])
    known = np.array([[True, True, True, False], [True] * 4])
    assert correlations(first, second, known=known).tolist() == pytest.approx([1, -1])


def test_local_spread_is_the_standard_deviation_of_a_window():
    profile = np.random.RandomState(0).rand(1, 30)
    assert local_spread(profile)[0, 10] == pytest.approx(profile[0, 7:14].std())
