import numpy as np
import pytest

from medssl.samples.heart_images import Scanner, acquire
from medssl.samples.heart_planes import HeartFrame, HeartView

AFFINE = np.array([[1.2, -0.9, 0, -10], [0.9, 1.2, 0, 30], [0, 0, 8.0, 20], [0, 0, 0, 1]])
VIEW = HeartView("SAX", AFFINE, (24, 20, 3))
FAITHFUL = Scanner(gain=1.0, slope=np.zeros(3), noise=0.0)


class Ruler:
    """A body whose brightness is 1000 plus 10 times a coordinate, with a chamber above a level of head to feet."""

    def __init__(self, axis=0, level=np.inf):
        self.axis, self.level = axis, level
        self.frame = HeartFrame(np.zeros(3), np.array([0.0, 0, 80]), np.array([30.0, 0, 0]))

    def look(self, points):
        return 1000 + 10 * points[self.axis], np.where(points[2] > self.level, 2, 0)


def generator(seed=0):
    return np.random.default_rng(seed)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_pixels_show_what_lies_where_the_affine_says_but_for_the_breath(axis):
    image, _ = acquire(Ruler(axis), VIEW, scanner=FAITHFUL, generator=generator())
    index = np.stack([*np.indices(VIEW.shape), np.ones(VIEW.shape)])
    breath = (image - 1000) / 10 - np.tensordot(AFFINE[axis], index, axes=1)
    assert np.ptp(breath, axis=(0, 1)).max() < 0.11  # rounding; one shift a slice
    assert 0.1 < np.abs(breath).max() < 8
    assert np.ptp(breath) > 0.1


def test_breath_holds_differ_by_two_mm():
    shifts = []
    for seed in range(60):
        image, _ = acquire(Ruler(), VIEW, scanner=FAITHFUL, generator=generator(seed))
        shifts += ((image[0, 0] - 1000) / 10 + 10).tolist()
    assert np.std(shifts) == pytest.approx(2, rel=0.2)


def test_chamber_is_what_most_of_the_slice_lies_in():
    view = HeartView("SAX", AFFINE, (2, 2, 1))
    for seed in range(20):
        brightness, label = acquire(Ruler(axis=2, level=20.0), view, scanner=FAITHFUL, generator=generator(seed))
        middle = (brightness[0, 0, 0] - 1000) / 10  # breath included
        assert label[0, 0, 0] == (2 if middle > 20 else 0)


def test_noise_and_gain_are_as_set():
    flat = Ruler()
    flat.look = lambda points: (np.full(points.shape[1:], 200.0), np.zeros(points.shape[1:], int))
    image, _ = acquire(flat, VIEW, scanner=Scanner(3.0, np.zeros(3), 5.0), generator=generator())
    assert image.mean() == pytest.approx(600, abs=2)
    assert image.std() == pytest.approx(15, rel=0.1)
    assert image.dtype == np.int16


def test_brightness_falls_off_along_the_slope():
    flat = Ruler()
    flat.look = lambda points: (np.full(points.shape[1:], 1000.0), np.zeros(points.shape[1:], int))
    image, _ = acquire(flat, VIEW, scanner=Scanner(1.0, np.array([0.0, 0, 0.002]), 0.0), generator=generator())
    assert image[0, 0] == pytest.approx([1000 * (1 + 0.002 * z) for z in (20, 28, 36)], abs=1)


def test_drawn_scanners_stay_in_range_and_differ():
    scanners = [Scanner.drawn(generator(seed)) for seed in range(30)]
    assert all(1.5 <= s.gain <= 4 and 4 <= s.noise <= 9 and np.linalg.norm(s.slope) <= 0.002 for s in scanners)
    assert len({s.gain for s in scanners}) == 30
