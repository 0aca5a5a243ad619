from collections import Counter

import numpy as np
import pytest

from medssl.transforms import RandInPaint, RandOutPaint, keep_boxes, paint_boxes
from tests.benchmarks import naive

BOTH = pytest.mark.parametrize("painting", [RandInPaint, RandOutPaint], ids=["in", "out"])
CUBE = np.random.RandomState(0).rand(1, 64, 64, 32)


def slices(boxes):
    return [tuple(slice(a, a + n) for a, n in zip(*box, strict=True)) for box in boxes]


def drawn(painting, runs, shape=(1, 64, 64, 32), seed=0):
    """The boxes of many draws as (starts, sizes), a list for each draw."""
    painting.set_random_state(seed)
    painting.fill = "constant"
    found = []
    for _ in range(runs):
        painting.randomize(np.zeros(shape))
        found.append([([s.start for s in box], [s.stop - s.start for s in box]) for box in painting.drawn])
    return found


BOXES = {
    "volume": [((1, 2, 0), (3, 2, 4)), ((2, 3, 1), (3, 2, 2))],
    "plane": [((1, 2), (3, 2)), ((2, 3), (3, 2))],
}


@pytest.mark.parametrize("boxes", BOXES.values(), ids=BOXES)
def test_painting_is_the_naive_one(boxes):
    state = np.random.RandomState(0)
    image, background = state.rand(2, 2, *(7, 6, 5)[: len(boxes[0][0])])
    fills = [state.rand(2, *sizes) for _, sizes in boxes]
    painted = paint_boxes(image, boxes=slices(boxes), fills=fills)
    assert (painted == naive.paint_in(image, boxes, fills)).all()
    kept = keep_boxes(image, boxes=slices(boxes), background=background)
    assert (kept == naive.paint_out(image, boxes, background)).all()


def test_constant_fill_by_hand():
    image = np.array([[[0.1, 0.2, 0.3]]])
    middle = [(slice(0, 1), slice(1, 2))]
    assert paint_boxes(image, boxes=middle, fills=[0.9]).tolist() == [[[0.1, 0.9, 0.3]]]
    assert keep_boxes(image, boxes=middle, background=0.9).tolist() == [[[0.9, 0.2, 0.9]]]


@pytest.mark.parametrize(
    ("painting", "edges"),
    [
        pytest.param(RandInPaint(), [(10, 21), (10, 21), (5, 10)], id="in"),
        pytest.param(RandOutPaint(), [(28, 37), (28, 37), (14, 19)], id="out"),
        pytest.param(RandInPaint(size=(10, 20)), [(10, 20)] * 3, id="in-voxels"),
        pytest.param(RandOutPaint(trim=(10, 20)), [(44, 54), (44, 54), (12, 22)], id="out-voxels"),
    ],
)
def test_edges_and_starts_cover_their_ranges(painting, edges):
    boxes = [box for boxes in drawn(painting, 4000) for box in boxes]
    for axis, ((low, high), length) in enumerate(zip(edges, (64, 64, 32), strict=True)):
        sizes = Counter(size[axis] for _, size in boxes)
        assert sorted(sizes) == list(range(low, high + 1))
        assert min(sizes.values()) > 0.6 * 4000 / (high - low + 1)  # even
        spaces = [(start[axis] - 3, length - 3 - start[axis] - size[axis]) for start, size in boxes]
        assert np.min(spaces, axis=0).tolist() == [0, 0]


@pytest.mark.parametrize(
    ("painting", "expected"),
    [
        pytest.param(RandInPaint(), {1: 1}, id="in-one"),
        pytest.param(
            RandInPaint(boxes=5, first_prob=0.95),
            {n: 0.95**n * 0.05 for n in range(5)} | {5: 0.95**5},
            id="in-up-to-five",
        ),
        pytest.param(
            RandInPaint(boxes=2, first_prob=0.3, box_prob=1.0), {0: 0.7, 2: 0.3}, id="first-has-its-own-chance"
        ),
        pytest.param(RandOutPaint(), {1: 1}, id="out-one"),
        pytest.param(
            RandOutPaint(boxes=5), {n + 1: 0.95**n * 0.05 for n in range(4)} | {5: 0.95**4}, id="out-one-to-five"
        ),
    ],
)
def test_how_many_boxes(painting, expected):
    counts = Counter(len(boxes) for boxes in drawn(painting, 4000))
    assert set(counts) == set(expected)
    for number, share in expected.items():
        assert counts[number] / 4000 == pytest.approx(share, abs=0.03)


@BOTH
def test_noise_is_even_and_new_for_each_voxel_and_channel(painting):
    image = np.full((2, 32, 32, 32), 0.5)
    painted = painting().set_random_state(0)(image)
    noise = painted[:, (painted != image).any(axis=0)]
    assert np.histogram(noise, bins=4, range=(0, 1))[0] == pytest.approx(np.full(4, noise.size / 4), rel=0.15)
    assert abs(np.corrcoef(noise)[0, 1]) < 0.1


@BOTH
def test_constant_is_one_value_and_drawn_anew(painting):
    paint = painting(fill="constant").set_random_state(0)
    values = [np.unique(painted[painted != CUBE]) for painted in (paint(CUBE) for _ in range(5))]
    assert [len(value) for value in values] == [1] * 5
    assert len(set(np.concatenate(values))) == 5


def test_no_box_leaves_the_image():
    assert (RandInPaint(first_prob=0.0)(CUBE) == CUBE).all()


@pytest.mark.parametrize(
    ("painting", "shape", "message"),
    [
        pytest.param(RandInPaint(), (1, 64, 64, 7), r"RandInPaint needs at least 8 .* got \[64, 64, 7\]", id="in"),
        pytest.param(RandOutPaint(), (1, 13, 20), r"RandOutPaint needs at least 14 .* got \[13, 20\]", id="out"),
        pytest.param(RandInPaint(size=(10, 20)), (1, 64, 25), "at least 26 voxels", id="in-voxels"),
        pytest.param(RandOutPaint(trim=(10, 20)), (1, 64, 20), "at least 21 voxels", id="out-voxels"),
    ],
)
def test_short_axes_are_refused(painting, shape, message):
    with pytest.raises(ValueError, match=message):
        painting(np.zeros(shape))


@pytest.mark.parametrize(("painting", "length"), [(RandInPaint(), 8), (RandOutPaint(), 14)], ids=["in", "out"])
def test_shortest_axis_that_is_enough(painting, length):
    image = np.full((1, length, length), 0.5)
    assert (painting(image) != image).any()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        pytest.param({"boxes": 0}, "at least 1 box and a margin of 0 or more, got 0 and 3", id="no-boxes"),
        pytest.param({"margin": -1}, "got 1 and -1", id="margin"),
        pytest.param({"fill": "grey"}, "fill 'noise' or 'constant', got 'grey'", id="fill"),
        pytest.param({"box_prob": 2}, r"box_prob in \[0, 1\], got 2", id="chance"),
    ],
)
@BOTH
def test_bad_words_are_refused(painting, words, message):
    with pytest.raises(ValueError, match=message):
        painting(**words)


@pytest.mark.parametrize(
    "painting",
    [
        pytest.param(RandInPaint(size=(20, 10)), id="wrong-way-round"),
        pytest.param(RandOutPaint(trim=(2, 10)), id="no-room-for-the-margin"),
    ],
)
def test_sizes_that_never_fit_are_refused(painting):
    with pytest.raises(ValueError, match="never fit with a margin of 3"):
        painting(CUBE)
