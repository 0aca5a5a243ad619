import numpy as np
import pytest
import torch

from medssl.transforms import RandBlockMask, RandBlockMaskd, spread_blocks

ONES = np.ones((1, 8, 12, 4), dtype=np.float32)
VIEWS = np.ones((2, 3, 8, 12, 4), dtype=np.float32)


def cells_of(hidden, block=4):
    """The blocks of a volume ``(X, Y, Z)`` as rows of their voxels."""
    counts = [length // block for length in hidden.shape]
    split = hidden.reshape(counts[0], block, counts[1], block, counts[2], block)
    return split.transpose(0, 2, 4, 1, 3, 5).reshape(np.prod(counts), -1)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        pytest.param((2, 4), [[[1, 1, 0, 0], [1, 1, 0, 0]]], id="plane"),
        pytest.param((1, 2, 3), [[[[1, 1, 1], [0, 0, 0]]]], id="third-axis"),
    ],
)
def test_spreading_by_hand(shape, expected):
    assert spread_blocks(np.array([[[1, 0]]]), shape).tolist() == expected


@pytest.mark.parametrize(("ratio", "hidden"), [(0.01, 1), (0.5, 3), (0.51, 4), (0.75, 5), (0.83, 5)])
@pytest.mark.parametrize("shape", ["tube", "block"])  # the last axis is one block long: both are the same share
def test_share_is_exact_and_rounded_up(shape, ratio, hidden):
    mask = RandBlockMask(block=4, ratio=ratio, shape=shape).set_random_state(0)
    for _ in range(5):
        assert (mask(ONES) == 0).sum() == hidden * 64


def test_rounding_is_that_of_the_share_not_of_its_binary_form():
    image = np.ones((1, 10, 3))
    assert (RandBlockMask(block=1, ratio=0.7)(image) == 0).sum() == 21


def test_blocks_are_hidden_whole():
    hidden = RandBlockMask(block=4, shape="block").set_random_state(0)(np.ones((1, 8, 12, 16)))[0] == 0
    cells = cells_of(hidden)
    assert (cells.all(axis=1) | ~cells.any(axis=1)).all()
    assert cells.all(axis=1).sum() == 18  # three quarters of 24
    assert (hidden != hidden[..., :1]).any()


def test_tubes_run_along_the_whole_third_axis():
    hidden = RandBlockMask(block=4).set_random_state(0)(np.ones((1, 8, 12, 5)))[0] == 0  # which need not divide
    assert (hidden == hidden[..., :1]).all()
    assert hidden.mean() == pytest.approx(5 / 6)


def test_every_block_is_hidden_equally_often():
    mask = RandBlockMask(block=4, ratio=0.5).set_random_state(0)
    counts = sum((mask(ONES)[0, ::4, ::4, 0] == 0).astype(int) for _ in range(600))
    assert counts.sum() == 1800
    assert (abs(counts - 300) < 60).all()  # five standard deviations


def test_the_rest_stays():
    image = np.random.RandomState(0).rand(2, 8, 8, 4)
    result = RandBlockMask(block=4, ratio=0.5)(image)
    shown = (result != 0).all(axis=0)
    assert shown.mean() == 0.5
    assert (result[:, shown] == image[:, shown]).all()


def test_views_have_places_of_their_own_and_channels_have_not():
    result = RandBlockMask(block=4, ratio=0.5, views=True).set_random_state(0)(VIEWS)
    assert result.shape == VIEWS.shape
    assert (result == result[:, :1]).all()
    assert (result[0] != result[1]).any()
    assert ((result == 0).mean(axis=(1, 2, 3, 4)) == 0.5).all()


def test_views_are_independent():
    mask = RandBlockMask(block=4, ratio=0.5, views=True).set_random_state(0)
    hidden = [mask(VIEWS)[:, 0, 0, 0, 0] == 0 for _ in range(400)]
    assert np.mean([first == second for first, second in hidden]) == pytest.approx(0.5, abs=0.1)


def test_one_draw_serves_all_keys():
    views = torch.from_numpy(VIEWS)
    result = RandBlockMaskd(["image", "other"], block=4, views=True)({"image": views, "other": views})
    assert torch.equal(result["image"], result["other"])
    assert (views == 1).all()


@pytest.mark.parametrize("words", [{"ratio": 0}, {"ratio": 1}, {"ratio": 1.2}, {"ratio": -0.1}, {"block": 0}])
def test_bad_words_are_refused(words):
    with pytest.raises(ValueError, match=r"ratio between 0 and 1, both excluded, got block=\d+ and ratio="):
        RandBlockMask(**words)


def test_other_shapes_are_refused():
    with pytest.raises(ValueError, match="shapes 'tube' and 'block', got 'cube'"):
        RandBlockMask(shape="cube")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        pytest.param({"block": 5}, r"blocks of 5 voxels divide, got \[8, 12\]", id="tube"),
        pytest.param({"block": 8, "shape": "block"}, r"blocks of 8 voxels divide, got \[8, 12, 4\]", id="block"),
        pytest.param({"block": 4, "ratio": 0.9}, r"hide all 6 blocks of an image of \[8, 12, 4\]", id="nothing-left"),
    ],
)
def test_images_that_do_not_fit_are_refused(words, message):
    with pytest.raises(ValueError, match=message):
        RandBlockMask(**words)(ONES)
