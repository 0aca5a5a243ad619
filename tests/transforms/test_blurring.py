import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from scipy.stats import kstest

from medssl.transforms import RandBlur, blur_planes
from tests.benchmarks import naive

NOISE = np.random.RandomState(0).randint(0, 256, (2, 37, 24)).astype(np.uint8)
SIGMAS = np.random.RandomState(1).uniform(0.05, 2.5, 200).tolist()


def test_is_that_of_pillow():
    for sigma in [*SIGMAS, 2**0.5, 1.0, 2.0, 5.0, 9.3]:
        assert (blur_planes(NOISE, sigma) == naive.blur(NOISE, sigma)).all(), sigma


@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 1, 7), (1, 7, 1), (3, 2, 2)], ids=str)
def test_is_that_of_pillow_on_tiny_planes(shape):
    tiny = np.random.RandomState(2).randint(0, 256, shape).astype(np.uint8)
    for sigma in (0.5, 2.0):
        assert (blur_planes(tiny, sigma) == naive.blur(tiny, sigma)).all()


@pytest.mark.parametrize("sigma", [0.7, 1.3, 2.0])
def test_is_close_to_a_gaussian(sigma):
    smooth = gaussian_filter(NOISE[:1], (0, 1, 1))
    expected = gaussian_filter(smooth[0].astype(float), sigma)
    inside = np.s_[6:-6, 6:-6]  # each filter extends the plane anew
    assert np.abs(blur_planes(smooth, sigma)[0] - expected)[inside].max() < 3


def test_box_of_three_by_hand():
    line = np.zeros((1, 1, 9), np.uint8)
    line[0, 0, 4] = 243
    sigma = 2**0.5  # three boxes of length 3 have a variance of 3 * 8 / 12
    assert blur_planes(line, sigma)[0, 0].tolist() == [0, 9, 27, 54, 63, 54, 27, 9, 0]


def test_flat_planes_stay():
    flat = np.full((1, 20, 20), 255, np.uint8)
    assert (blur_planes(flat, 1.7) == 255).all()


def test_sigma_is_even_and_half_are_blurred():
    blur, drawn = RandBlur(sigma=(0.5, 1.5)).set_random_state(0), []
    for _ in range(2000):
        blur.randomize()
        drawn += [blur.drawn] if blur._do_transform else []
    assert len(drawn) == pytest.approx(1000, abs=70)
    assert kstest(drawn, "uniform", (0.5, 1.0)).pvalue > 1e-3
    assert (blur(NOISE, randomize=False) == (naive.blur(NOISE, blur.drawn) if blur._do_transform else NOISE)).all()


@pytest.mark.parametrize("sigma", [(0, 1), (2, 1)], ids=["zero", "falling"])
def test_bad_words_are_refused(sigma):
    with pytest.raises(ValueError, match="two rising standard deviations above 0"):
        RandBlur(sigma=sigma)
