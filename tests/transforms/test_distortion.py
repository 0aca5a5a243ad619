from collections import Counter
from random import Random

import numpy as np
import pytest

from medssl.transforms import RandBoxDistortion, swap_boxes
from tests.benchmarks import naive

PLANE = np.random.RandomState(0).randint(1, 256, (1, 224, 224)).astype(np.uint8)
ONLY = {"cut": (1, 0, 0), "keep": (0, 1, 0), "swap": (0, 0, 1)}


def drawn(shape, runs, **words):
    """Branch, then (starts, sizes) of the boxes of many draws."""
    distort, found = RandBoxDistortion(**words), []
    for seed in range(runs):
        distort.draw(shape, Random(seed))
        boxes = [([s.start for s in box], [s.stop - s.start for s in box]) for box in distort.boxes]
        found.append((distort.branch, boxes))
    return found


def slices(starts, sizes):
    return tuple(slice(start, start + size) for start, size in zip(starts, sizes, strict=True))


def test_swapping_by_hand():
    line = np.arange(6).reshape(1, 1, 6)
    pairs = [(slices((0, 0), (1, 2)), slices((0, 3), (1, 2))), (slices((0, 4), (1, 1)), slices((0, 5), (1, 1)))]
    assert swap_boxes(line, pairs=pairs).tolist() == [[[3, 4, 2, 0, 5, 4]]]  # 4 comes from before the first swap


@pytest.mark.parametrize("shape", [(9, 8), (7, 6, 5)], ids=["plane", "volume"])
def test_swapping_is_the_naive_one(shape):
    state = np.random.RandomState(0)
    image = state.rand(2, *shape)
    pairs = []
    for _ in range(6):
        sizes = state.randint(1, 4, len(shape))
        pairs.append([(state.randint(0, np.subtract(shape, sizes) + 1), sizes) for _ in range(2)])
    swapped = swap_boxes(image, pairs=[[slices(*box) for box in pair] for pair in pairs])
    assert (swapped == naive.swap(image, pairs)).all()


def test_each_branch_is_the_naive_one_from_the_same_draws():
    distort, branches = RandBoxDistortion(), Counter()
    for seed in range(100):
        distort.draw((224, 224), Random(seed))
        result = distort.apply(PLANE) if distort._do_transform else PLANE
        assert (result == naive.draw_distortion(PLANE, Random(seed))).all()
        branches[distort.branch] += 1
    assert min(branches[branch] for branch in ("cut", "keep", "swap", "none")) > 2


def test_how_often():
    counts = Counter(branch for branch, _ in drawn((40, 40), 4000, branch_probs=(0.1, 0.2, 0.3)))
    shares = {branch: count / 4000 for branch, count in counts.items()}
    assert shares == pytest.approx({"cut": 0.1, "keep": 0.2, "swap": 0.3, "none": 0.4}, abs=0.03)


@pytest.mark.parametrize("branch", ["cut", "keep"])
def test_number_of_boxes(branch):
    counts = Counter(
        len(boxes) for _, boxes in drawn((40, 40), 4000, branch_probs=ONLY[branch], rounds=3, stop_prob=0.4)
    )
    shares = {number: count / 4000 for number, count in counts.items()}
    assert shares == pytest.approx({1: 0.4, 2: 0.24, 3: 0.36}, abs=0.03)


def test_number_of_swaps_is_fixed():
    assert {len(boxes) for _, boxes in drawn((40, 40), 50, branch_probs=ONLY["swap"], rounds=7)} == {14}


@pytest.mark.parametrize(
    ("words", "shape", "edges", "margin"),
    [
        pytest.param({"branch_probs": ONLY["cut"]}, (224, 128), [(10, 70), (5, 40)], (3, 1), id="cut"),
        pytest.param({"branch_probs": ONLY["keep"]}, (224, 128), [(154, 174), (88, 100)], (3, 1), id="keep"),
        pytest.param({"branch_probs": ONLY["swap"]}, (224, 128), [(10, 15), (5, 8)], (3, 1), id="swap"),
        pytest.param({"branch_probs": ONLY["swap"]}, (12, 30, 9), [(1, 1), (1, 2), (1, 1)], (0, 0, 0), id="tiny-3d"),
        pytest.param(
            {"branch_probs": ONLY["cut"], "cut_size": (4, 6), "margin": 2}, (30, 20), [(4, 6)] * 2, (2, 2), id="voxels"
        ),
        pytest.param(
            {"branch_probs": ONLY["keep"], "trim": (7, 9), "margin": 3},
            (30, 20),
            [(21, 23), (11, 13)],
            (3, 3),
            id="trim",
        ),
    ],
)
def test_edges_and_starts_cover_their_ranges(words, shape, edges, margin):
    boxes = [box for _, boxes in drawn(shape, 800, **words) for box in boxes]
    for axis, length in enumerate(shape):
        sizes = [size[axis] for _, size in boxes]
        assert (min(sizes), max(sizes)) == edges[axis]
        spaces = [(start[axis], length - start[axis] - size[axis]) for start, size in boxes]
        assert np.min(spaces, axis=0).tolist() == [margin[axis]] * 2


def test_the_state_seeds_the_draws():
    distort = RandBoxDistortion(branch_probs=ONLY["cut"])
    first, again, other = (distort.set_random_state(seed)(PLANE) for seed in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        pytest.param({"branch_probs": (0.5, -0.1, 0.5)}, r"keep in \[0, 1\], got -0.1", id="chance"),
        pytest.param({"branch_probs": (0.5, 0.4, 0.3)}, r"their_sum in \[0, 1\], got 1.2", id="sum"),
        pytest.param({"stop_prob": 2}, r"stop_prob in \[0, 1\], got 2", id="stop"),
        pytest.param({"rounds": 0}, "at least 1 round and a margin of 0 or more, got 0 and", id="rounds"),
        pytest.param({"margin": -1}, "got 10 and -1", id="margin"),
    ],
)
def test_bad_words_are_refused(words, message):
    with pytest.raises(ValueError, match=message):
        RandBoxDistortion(**words)


@pytest.mark.parametrize(
    ("words", "shape", "message"),
    [
        pytest.param(
            {"cut_size": (10, 70), "margin": 3},
            (1, 75, 90),
            r"is to cut boxes with edges from 10 to 70 voxels, 3 away from the border, got an axis of 75 voxels",
            id="cut",
        ),
        pytest.param({"trim": (50, 70)}, (1, 90, 64), "is to keep boxes with edges from -6 to 14 voxels", id="keep"),
        pytest.param({"trim": (5, 9), "margin": 3}, (1, 90, 64), "keep boxes .* 81 to 85 voxels, 3 away", id="narrow"),
        pytest.param({"swap_size": (15, 10)}, (1, 90, 64), "swap boxes with edges from 15 to 10", id="falling"),
    ],
)
def test_images_too_small_for_the_sizes_are_refused(words, shape, message):
    with pytest.raises(ValueError, match=message):
        RandBoxDistortion(prob=0, **words)(np.zeros(shape, np.uint8))
