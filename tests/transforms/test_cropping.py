import numpy as np
import pytest
import torch
from monai.data import MetaTensor
from scipy.stats import kstest

from medssl.transforms import RandResizedCrop, RandResizedCropd, centre_box
from tests.benchmarks import naive

PLANE = np.random.RandomState(0).randint(0, 256, (2, 60, 50)).astype(np.uint8)


def boxes(shape, runs=2000, **words):
    """Starts and lengths of many draws, two arrays (runs, 2)."""
    crop, image = RandResizedCrop(**words).set_random_state(0), np.zeros((1, *shape), np.uint8)
    found = []
    for _ in range(runs):
        crop.randomize(image)
        found.append(crop.box)
    return np.swapaxes(found, 0, 1)


def triangle_weights(length, size):
    """What each pixel of a line counts in each of the new ones: less with distance, nothing beyond a new pixel."""
    step = length / size
    reach = max(step, 1)
    distances = (np.arange(length) + 0.5) - (np.arange(size)[:, None] + 0.5) * step
    weights = np.maximum(0, 1 - np.abs(distances) / reach)
    return weights / weights.sum(axis=1, keepdims=True)


def test_area_is_even():
    _, lengths = boxes((1000, 1000), scale=(0.2, 0.6), ratio=(1, 1))
    shares = lengths.prod(axis=1) / 1e6
    assert kstest(shares, "uniform", (0.2, 0.4)).pvalue > 1e-3


def test_logarithm_of_the_ratio_is_even():
    _, lengths = boxes((1000, 1000), scale=(0.2, 0.2), ratio=(1 / 2, 4))
    ratios = np.log2(lengths[:, 0] / lengths[:, 1])
    assert kstest(ratios, "uniform", (-1, 3)).pvalue > 1e-3


def test_starts_are_even_and_reach_both_borders():
    starts, lengths = boxes((12, 14), scale=(0.5, 0.5), ratio=(1, 1))
    assert (lengths == 9).all()  # the root of 84, rounded
    for axis, last in enumerate((3, 5)):
        counts = np.bincount(starts[:, axis])
        assert len(counts) == last + 1
        assert counts.min() > 0.7 * 2000 / (last + 1)


def test_boxes_lie_inside_with_the_defaults():
    shape = (256, 320)
    starts, lengths = boxes(shape)
    assert starts.min() >= 0
    assert (starts + lengths <= shape).all()
    shares = lengths.prod(axis=1) / np.prod(shape)
    assert shares.min() == pytest.approx(0.2, abs=0.01)
    assert shares.max() > 0.95
    ratios = lengths[:, 0] / lengths[:, 1]
    assert (ratios.min(), ratios.max()) == pytest.approx((3 / 4, 4 / 3), abs=0.01)


@pytest.mark.parametrize(
    ("shape", "start", "lengths"),
    [
        pytest.param((100, 50), (16, 0), (67, 50), id="too-long"),
        pytest.param((50, 100), (0, 16), (50, 67), id="too-short"),
        pytest.param((40, 36), (0, 0), (40, 36), id="allowed-as-it-is"),
        pytest.param((40, 30), (0, 0), (40, 30), id="just-allowed"),
        pytest.param((9, 1), (4, 0), (1, 1), id="one-pixel-high"),
    ],
)
def test_centre_by_hand(shape, start, lengths):
    assert centre_box(shape, (3 / 4, 4 / 3)) == (start, lengths)


def test_centre_is_taken_where_nothing_fits():
    starts, lengths = boxes((40, 20), runs=5, scale=(1, 1), ratio=(1, 1))
    assert starts.tolist() == [[10, 0]] * 5
    assert lengths.tolist() == [[20, 20]] * 5


@pytest.mark.parametrize("size", [16, 40, 90], ids=["smaller", "mixed", "larger"])
def test_result_is_that_of_pillow_and_of_the_definition(size):
    crop = RandResizedCrop(size=size).set_random_state(0)
    for _ in range(10):
        result = crop(PLANE)
        assert (result == naive.crop(PLANE, *crop.box, size)).all()
        (a, b), (m, n) = crop.box
        plain = triangle_weights(m, size) @ PLANE[:, a : a + m, b : b + n] @ triangle_weights(n, size).T
        assert np.abs(result - plain).max() <= 1.01  # Pillow rounds after each axis


def test_size_of_the_image_unless_told_otherwise():
    crop = RandResizedCrop(scale=(0.2, 0.2)).set_random_state(0)
    assert crop(PLANE).shape == PLANE.shape
    assert (crop(PLANE) != PLANE).any()


def test_without_a_crop_the_whole_plane_gets_the_size():
    assert (RandResizedCrop(prob=0, size=20)(PLANE) == naive.crop(PLANE, (0, 0), (60, 50), 20)).all()


def test_one_draw_serves_all_keys():
    result = RandResizedCropd(["image", "label"], size=20).set_random_state(0)({"image": PLANE, "label": PLANE})
    assert (result["image"] == result["label"]).all()


def test_affine_follows():
    affine = torch.tensor([[0, 2.0, 0, 5], [-1, 0, 0, 6], [0, 0, 3, 7], [0, 0, 0, 1]], dtype=torch.float64)
    columns = torch.arange(80).repeat(60, 1)[None].byte()  # the value says where along the second axis it was
    crop = RandResizedCrop(size=30).set_random_state(1)
    result = crop(MetaTensor(columns, affine=affine))
    inner = [5, 24]  # away from the border, where the filter is cut off
    expected = [(affine @ torch.tensor([0, float(result[0, 9, j]), 0, 1]).double())[0].item() for j in inner]
    found = [(result.affine @ torch.tensor([9.0, j, 0, 1]).double())[0].item() for j in inner]
    assert found == pytest.approx(expected, abs=2 * 0.51)  # values are whole numbers, pixels 2 mm long


@pytest.mark.parametrize(
    ("words", "message"),
    [
        pytest.param({"size": 0}, "size of 1 pixel or more, or None, got 0", id="size"),
        pytest.param({"scale": (0, 1)}, r"in \(0, 1\], got scale=\(0, 1\)", id="no-area"),
        pytest.param({"scale": (0.5, 0.2)}, "two rising shares", id="falling"),
        pytest.param({"scale": (0.5, 1.2)}, "two rising shares", id="beyond-the-image"),
        pytest.param({"ratio": (0, 1)}, r"two rising ratios above 0, got ratio=\(0, 1\)", id="ratio"),
        pytest.param({"ratio": (2, 1)}, "two rising ratios", id="falling-ratio"),
    ],
)
def test_bad_words_are_refused(words, message):
    with pytest.raises(ValueError, match=message):
        RandResizedCrop(**words)
