"""Which image comes next."""

import numpy as np
import pytest

from medssl.annotation import farthest_first, farthest_uncertain, most_uncertain

LINE = np.array([[0.0], [1.0], [2.0], [3.0], [10.0]])


def sequence(choose, *, count, labelled=()):
    labelled = list(labelled)
    for _ in range(count):
        labelled.append(choose(labelled))
    return labelled


def test_farthest_first_by_hand():
    assert farthest_first(LINE, []) == 3  # the mean is 3.2
    assert sequence(lambda taken: farthest_first(LINE, taken), count=5) == [3, 4, 0, 1, 2]
    assert farthest_first(LINE, [4, 0]) == 3
    assert farthest_first(np.array([[0.0, 0], [3, 4], [0, 5]]), [0]) == 1  # of equals the first


def naive_farthest(features, labelled):
    best, chosen = -1.0, -1
    for number, feature in enumerate(features):
        nearest = min(np.sqrt(((feature - features[other]) ** 2).sum()) for other in labelled)
        if number not in labelled and nearest > best:
            best, chosen = nearest, number
    return chosen


def test_farthest_first_as_defined():
    features = np.random.default_rng(0).normal(size=(30, 4)).astype(np.float32)
    naive = sequence(lambda taken: naive_farthest(features.astype(float), taken), count=29, labelled=[7])
    assert sequence(lambda taken: farthest_first(features, taken), count=29, labelled=[7]) == naive


def test_the_cover_is_at_most_twice_the_best():
    generator = np.random.default_rng(1)
    for _ in range(20):
        features = generator.normal(size=(8, 2))
        apart = np.linalg.norm(features[:, None] - features[None], axis=2)
        chosen = sequence(lambda taken, features=features: farthest_first(features, taken), count=3)
        pairs = [apart[[a, b, c]].min(axis=0).max() for a in range(8) for b in range(a) for c in range(b)]
        assert apart[chosen].min(axis=0).max() <= 2 * min(pairs) + 1e-9


def test_copies_come_last():
    features = np.array([[0.0], [0.0], [1.0], [1.0]])
    assert sequence(lambda taken: farthest_first(features, taken), count=3, labelled=[0]) == [0, 2, 1, 3]


def test_most_uncertain_by_hand():
    scores = np.array([0.1, 0.4, 0.4, np.nan, 0.2])
    assert sequence(lambda taken: most_uncertain(scores, taken), count=5) == [3, 1, 2, 4, 0]
    assert most_uncertain(np.full(3, np.nan), [0]) == 1


def test_distance_and_uncertainty_are_multiplied():
    scores = np.array([0.9, 0.1, 0.3, 0.2, 0.0])
    # with 0 labelled, distances are 1, 2, 3 and 10, ranks 2/4, 4/4, 3/4 and 1/4
    assert farthest_uncertain(LINE, scores, labelled=[0]) == 4  # 0.5, 2, 2.25, 2.5
    assert farthest_uncertain(LINE[:4], scores[:4], labelled=[0]) == 2  # 1/3, 2, 2
    assert farthest_uncertain(LINE, scores, labelled=[]) == farthest_first(LINE, [])


def test_with_equal_scores_distance_decides_and_with_equal_distances_the_score():
    features = np.random.default_rng(2).normal(size=(12, 3))
    for taken in ([0], [3, 5, 7]):
        assert farthest_uncertain(features, np.full(12, np.nan), labelled=taken) == farthest_first(features, taken)
    corners, scores = np.eye(4), np.array([0.0, 0.2, 0.9, 0.5])
    assert farthest_uncertain(corners, scores, labelled=[0]) == most_uncertain(scores, [0]) == 2


@pytest.mark.parametrize(
    ("choose", "message"),
    [
        pytest.param(lambda: farthest_first(LINE, range(5)), "all 5 have one", id="all-labelled"),
        pytest.param(lambda: most_uncertain(np.zeros(0), []), "all 0 have one", id="no-image"),
        pytest.param(lambda: farthest_first(LINE, [5]), r"indices of 5 images, got \[5\]", id="no-such-index"),
        pytest.param(lambda: farthest_first(LINE[:, 0], [0]), r"got shape \(5,\)", id="no-vectors"),
        pytest.param(lambda: farthest_first(LINE * np.nan, [0]), "finite", id="not-a-number"),
        pytest.param(lambda: most_uncertain(LINE, [0]), r"got shape \(5, 1\)", id="no-scores"),
        pytest.param(lambda: farthest_uncertain(LINE, np.zeros(3), labelled=[]), "5 images, got 3", id="lengths"),
    ],
)
def test_bad_input_is_named(choose, message):
    with pytest.raises(ValueError, match=message):
        choose()
