import numpy as np
import pytest

from medssl.transforms import RandLocalShuffle, shuffled_sources
from tests.benchmarks import naive


def draws(shape, windows, longest, seed=0):
    state = np.random.RandomState(seed)
    sizes = state.randint(1, longest + 1, (windows, len(shape)))
    starts = state.randint(0, np.array(shape) - sizes + 1)
    keys = state.randint(0, 2**32, sizes.prod(axis=1).sum(), dtype=np.uint32)
    return starts, sizes, state.permutation(windows), keys


def ranked(keys):
    """Order of a window's keys, without the low bits that number its voxels."""
    return (keys >> (len(keys) - 1).bit_length()).argsort(kind="stable")


def test_sources_by_hand():
    sources = shuffled_sources(
        (2, 3),
        np.array([[0, 0], [0, 1]]),
        sizes=np.array([[1, 3], [2, 2]]),
        turns=np.array([0, 1]),
        keys=np.array([7, 5, 6, 4, 3, 2, 1], dtype=np.uint32) << 2,
    )
    assert sources.tolist() == [1, 5, 4, 3, 2, 1]  # voxel 0 only by the first window, the rest by the later one


def test_the_later_window_wins_whatever_its_place():
    starts, sizes = np.zeros((2, 2), dtype=int), np.array([[1, 2], [1, 2]])
    keys = np.array([4, 2, 2, 4], dtype=np.uint32)  # the first window swaps, the second leaves all in place
    swapped = shuffled_sources((1, 2), starts, sizes=sizes, turns=np.array([1, 0]), keys=keys)
    assert swapped.tolist() == [1, 0]
    assert shuffled_sources((1, 2), starts, sizes=sizes, turns=np.array([0, 1]), keys=keys).tolist() == [0, 1]


@pytest.mark.parametrize(
    ("shape", "windows", "longest"),
    [
        pytest.param((12, 9, 7), 300, 4, id="volume"),
        pytest.param((23, 17), 100, 6, id="plane"),
        pytest.param((5, 5, 5), 3, 5, id="window-as-large-as-the-volume"),
        pytest.param((6, 6), 1, 3, id="one-window"),
        pytest.param((90, 80), 40, 50, id="large-windows"),
    ],
)
def test_same_draws_same_result_as_the_naive_loop(shape, windows, longest):
    starts, sizes, turns, keys = draws(shape, windows, longest)
    image = np.random.RandomState(1).rand(2, *shape)
    sources = shuffled_sources(shape, starts, sizes=sizes, turns=turns, keys=keys)
    orders = [ranked(one) for one in np.split(keys, sizes.prod(axis=1).cumsum()[:-1])]
    by_turn = np.argsort(turns)
    plain = naive.shuffle(image, starts[by_turn], sizes[by_turn], [orders[turn] for turn in by_turn])
    assert (image.reshape(2, -1)[:, sources].reshape(image.shape) == plain).all()


def test_every_order_is_equally_likely():
    shuffle, image = RandLocalShuffle(windows=1, max_size=2).set_random_state(0), np.arange(4.0).reshape(1, 2, 2)
    seen = [tuple(shuffle(image).ravel()) for _ in range(4000)]
    # A quarter of the windows is 2x2 (24 orders), half is 1x2 or 2x1 at two places (2 orders), a quarter one voxel.
    assert len(set(seen)) == 24
    untouched = 1 / 4 + 1 / 2 * 1 / 2 + 1 / 4 * 1 / 24
    assert seen.count((0, 1, 2, 3)) / 4000 == pytest.approx(untouched, abs=0.03)
    assert seen.count((3, 2, 1, 0)) / 4000 == pytest.approx(1 / 4 * 1 / 24, abs=0.01)


def test_windows_cover_the_image_as_the_naive_ones():
    image = np.random.RandomState(0).rand(1, 30, 20)
    shuffle, state = RandLocalShuffle(windows=40).set_random_state(0), np.random.RandomState(0)
    ours = np.mean([shuffle(image) != image for _ in range(400)], axis=0)
    plain = np.mean([naive.draw_shuffle(image, state, windows=40) != image for _ in range(400)], axis=0)
    assert ours.mean() == pytest.approx(plain.mean(), rel=0.05)
    for axis in (1, 2):  # fewer windows reach the border
        np.testing.assert_allclose(ours.mean(axis=(0, axis)), plain.mean(axis=(0, axis)), rtol=0.3)


def test_large_windows_are_shuffled_whole():
    image = np.arange(120.0 * 120).reshape(1, 120, 120)
    shuffled = RandLocalShuffle(windows=30, max_size=60).set_random_state(0)(image)
    assert (shuffled != image).mean() > 0.6
    assert np.abs(shuffled - image).max() > 120 * 30


def test_channels_are_shuffled_alike():
    image = np.random.RandomState(0).rand(1, 20, 20)
    both = RandLocalShuffle().set_random_state(0)(np.concatenate([image, 2 * image]))
    assert (both[1] == 2 * both[0]).all()


@pytest.mark.parametrize(
    ("words", "shape", "message"),
    [
        pytest.param({}, (1, 64, 64, 9), r"at least 10 voxels along each axis, got \[64, 64, 9\]", id="share"),
        pytest.param({"max_size": 5}, (1, 4, 8), r"at least 5 voxels along each axis, got \[4, 8\]", id="voxels"),
    ],
)
def test_short_axes_are_refused(words, shape, message):
    with pytest.raises(ValueError, match=message):
        RandLocalShuffle(prob=0, **words)(np.zeros(shape))


@pytest.mark.parametrize("words", [{"windows": 0}, {"max_size": 0}], ids=str)
def test_nothing_to_shuffle_is_refused(words):
    with pytest.raises(ValueError, match="at least 1 window and a max_size above 0"):
        RandLocalShuffle(**words)
