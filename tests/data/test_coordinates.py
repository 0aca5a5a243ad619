"""Places keep the rules by which they are drawn."""

from collections import Counter

import numpy as np
import pytest

from medssl.data import CoordinateSearch, Resolutions

CUBE = (8, 8, 4)
AIR = np.zeros((24, 24, 20))


def search(**words):
    return CoordinateSearch(**{"margin": (3, 3, 2), "min_distance": 5} | words)


def draw_many(number, volume=AIR, **words):
    draws, tally, taken = np.random.default_rng(1), Counter(), []
    for _ in range(number):
        corner = search(**words).draw(volume, CUBE, taken=taken, draws=draws, tally=tally)
        if corner is None:
            break
        taken.append(corner)
    return taken, tally


def test_ranges_of_the_published_program():
    paper = CoordinateSearch()
    assert paper.least_shape((64, 64, 32)) == (265, 265, 96)
    draws, scan = np.random.default_rng(0), np.zeros((512, 265, 97), dtype=np.float16)
    found = [paper.draw(scan, (64, 64, 32), taken=[], draws=draws, tally=Counter()) for _ in range(60)]
    x, y, z = zip(*found, strict=True)
    assert 100 <= min(x) < 120
    assert 330 < max(x) <= 347
    assert set(y) == {100}
    assert set(z) == {30, 31}


def test_both_ends_of_a_range_are_drawn():
    corners, _ = draw_many(2000, min_distance=0)
    low, high = np.min(corners, axis=0), np.max(corners, axis=0)
    assert low.tolist() == [3, 3, 2]
    assert high.tolist() == [24 - 8 - 1 - 3, 24 - 8 - 1 - 3, 20 - 4 - 3 - 1 - 2]


def test_corners_keep_their_distance():
    corners, tally = draw_many(100)
    apart = np.linalg.norm(np.subtract.outer(corners, corners).diagonal(axis1=1, axis2=3), axis=-1)
    assert apart[~np.eye(len(corners), dtype=bool)].min() >= 5
    assert tally["close"] >= 200  # the last search was given up


def test_a_close_candidate_does_not_spoil_the_next():
    corners, tally = draw_many(2, min_distance=8)
    assert len(corners) == 2
    assert tally["close"] < 200


def test_dense_places_are_refused():
    volume = AIR.copy()
    volume[10:] = 1.0
    corners, tally = draw_many(300, volume, min_distance=0)
    assert max(corner[0] for corner in corners) + 8 <= 10 + 1  # one row of eight is 12.5 %
    assert tally["dense"] > 0
    assert draw_many(1, np.ones_like(AIR)) == ([], Counter(dense=200))


def test_least_share_refuses_air():
    assert draw_many(1, AIR, dense_fraction=(0.01, 0.15)) == ([], Counter(dense=200))


def test_first_place_is_exact_and_the_others_fit():
    draws = np.random.default_rng(0)
    for _ in range(100):
        first, *others = Resolutions().draw((2, 30, 5), (70, 100, 40), edge=64, draws=draws)
        assert first == ((2, 30, 5), 64)
        assert len(others) == 2
        for (x, y, z), size in others:
            assert 0 <= x <= 2 + 9
            assert 20 <= y <= 39
            assert z == 5
            assert 50 <= size <= 79
            assert x + size <= 70
            assert y + size <= 100


def test_ends_of_the_jitter_are_drawn():
    draws = np.random.default_rng(0)
    places = Resolutions(count=4000).draw((100, 100, 0), (300, 300, 40), edge=64, draws=draws)[1:]
    x, sizes = [corner[0] for corner, _ in places], [size for _, size in places]
    assert (min(x), max(x)) == (90, 109)
    assert (min(sizes), max(sizes)) == (50, 79)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        pytest.param(
            lambda: CoordinateSearch(dense_fraction=(0.3, 0.1)), r"within \[0, 1\], got \(0.3, 0.1\)", id="range"
        ),
        pytest.param(lambda: CoordinateSearch(attempts=0), "attempts and filter_slices are 1 or more", id="attempts"),
        pytest.param(lambda: Resolutions(jitter=(1, 9)), "jitter includes 0", id="jitter"),
    ],
)
def test_refuses(make, message):
    with pytest.raises(ValueError, match=message):
        make()
