import numpy as np
import pytest

from medssl.transforms import RandBezierIntensity, bend_intensity, bezier_curve
from tests.benchmarks import naive

DIAGONAL = [[1 / 3, 1 / 3], [2 / 3, 2 / 3]]


@pytest.mark.parametrize(
    ("points", "place", "expected"),
    [
        pytest.param(DIAGONAL, 2, (0.5, 0.5), id="diagonal-is-straight"),
        pytest.param([[0, 1], [0, 1]], 2, (0.125, 0.875), id="up-first"),
        pytest.param([[0.2, 0.6], [0.7, 0.9]], 1, (3 * 0.140625 * 0.9 + 0.015625, None), id="quarter"),
        pytest.param([[0.2, 0.6], [0.7, 0.9]], 4, (1, 1), id="end"),
    ],
)
def test_curve_by_hand(points, place, expected):
    x, y = bezier_curve(np.array(points), 5)
    if expected[1] is None:  # s = 1/4: weights 27/64, 9/64, 1/64
        expected = (27 / 64 * 0.2 + 9 / 64 * 0.7 + 1 / 64, 27 / 64 * 0.6 + 9 / 64 * 0.9 + 1 / 64)
    assert (x[place], y[place]) == pytest.approx(expected)


def test_curve_is_the_naive_one():
    points = np.random.RandomState(0).rand(2, 2)
    for ours, plain in zip(bezier_curve(points, 1001), naive.bezier(points, 1001), strict=True):
        np.testing.assert_allclose(ours, plain, atol=1e-14)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("invert", [False, True], ids=["rising", "inverting"])
def test_bending_is_the_naive_one(dtype, invert):
    state = np.random.RandomState(0)
    values = state.rand(1, 30, 30, 3).astype(dtype)
    values[0, 0] = values[0, 0] / 500  # steep curves are hardest near 0 and 1
    values[0, 1] = 1 - values[0, 1] / 500
    for _ in range(20):
        points = state.rand(2, 2)
        x, y = bezier_curve(points, 4097)
        bent = bend_intensity(values, (x, y[::-1] if invert else y))
        plain = naive.bend(values, points, invert)
        assert bent.dtype == dtype
        np.testing.assert_allclose(bent, plain, atol=1e-4)
        assert np.abs(bent - plain).mean() < 1e-6


def test_values_beyond_the_ends_are_clamped():
    bent = bend_intensity(np.array([-0.5, 0.0, 1.0, 1.7]), bezier_curve(np.array([[0.2, 0.6], [0.7, 0.9]]), 100))
    np.testing.assert_allclose(bent, [0, 0, 1, 1])


def test_order_of_grey_values_stays_or_turns():
    ramp = np.linspace(0, 1, 64 * 64).reshape(1, 64, 64)
    bend = RandBezierIntensity().set_random_state(0)
    steps = [np.diff(bend(ramp).ravel()) for _ in range(200)]
    turned = [bool((step <= 1e-12).all()) for step in steps]
    assert all(turn or (step >= -1e-12).all() for turn, step in zip(turned, steps, strict=True))
    assert 75 <= sum(turned) <= 125


@pytest.mark.parametrize("invert_prob", [0, 1])
def test_inversion_can_be_left_out_or_forced(invert_prob):
    ramp = np.linspace(0, 1, 100).reshape(1, 10, 10)
    bend = RandBezierIntensity(invert_prob=invert_prob).set_random_state(0)
    ends = [(bent[0, 0, 0], bent[0, -1, -1]) for bent in (bend(ramp) for _ in range(20))]
    np.testing.assert_allclose(ends, [(invert_prob, 1 - invert_prob)] * 20, atol=1e-12)


def test_too_few_samples_are_refused():
    with pytest.raises(ValueError, match="at least 2 samples of the curve, got 1"):
        RandBezierIntensity(samples=1)
