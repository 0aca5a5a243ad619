import numpy as np
import pytest
from scipy.stats import kstest

from medssl.transforms import RandBezierIntensity, RandBrightnessContrast, bend_intensity, bezier_curve, stretch_greys
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


GREYS = np.arange(256, dtype=np.uint8).reshape(1, 16, 16)
PLANE = np.random.RandomState(0).randint(20, 200, (1, 30, 25)).astype(np.uint8)


@pytest.mark.parametrize(
    ("grey", "factor", "expected"),
    [
        pytest.param(0, 0.5, [0, 50, 127], id="half-as-bright"),
        pytest.param(0, 1.3, [0, 130, 255], id="brighter-and-cut"),
        pytest.param(100, 0, [100, 100, 100], id="no-contrast"),
        pytest.param(120, 1.5, [0, 90, 255], id="more-contrast-and-cut"),
        pytest.param(90, 1, [0, 100, 255], id="as-it-was"),
    ],
)
def test_stretching_by_hand(grey, factor, expected):
    values = np.array([[0, 100, 255]], np.uint8)
    assert stretch_greys(values, grey, factor=factor).tolist() == [expected]


def test_stretching_is_that_of_pillow():
    mean = int(PLANE.mean() + 0.5)
    for factor in np.linspace(0, 2, 201).tolist():
        assert (stretch_greys(GREYS, 0, factor=factor) == naive.brighten(GREYS, factor)).all()
        assert (stretch_greys(PLANE, mean, factor=factor) == naive.contrast(PLANE, factor)).all()


def test_brightness_and_contrast_are_those_of_pillow_in_both_orders():
    change, first = RandBrightnessContrast(prob=1).set_random_state(0), []
    for _ in range(100):
        found, expected = change(PLANE), PLANE
        for what, factor in change.factors:
            expected = {"brightness": naive.brighten, "contrast": naive.contrast}[what](expected, factor)
        assert (found == expected).all()
        first.append(change.factors[0][0])
    assert first.count("contrast") == pytest.approx(50, abs=20)


def test_factors_are_even():
    change = RandBrightnessContrast(prob=1, brightness=0.2, contrast=0.5).set_random_state(0)
    drawn = []
    for _ in range(2000):
        change.randomize()
        drawn.append([dict(change.factors)[what] for what in ("brightness", "contrast")])
    for factors, width in zip(np.transpose(drawn), (0.2, 0.5), strict=True):
        assert kstest(factors, "uniform", (1 - width, 2 * width)).pvalue > 1e-3


def test_how_often_brightness_and_contrast_change():
    change = RandBrightnessContrast().set_random_state(0)
    assert sum((change(PLANE) != PLANE).any() for _ in range(500)) == pytest.approx(400, abs=40)


def test_changes_of_more_than_all_are_refused():
    with pytest.raises(ValueError, match=r"contrast in \[0, 1\], got 1.5"):
        RandBrightnessContrast(contrast=1.5)
