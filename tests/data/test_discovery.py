"""Classes are made of one place in similar patients, and what cannot be filled is said."""

import logging
from itertools import pairwise

import numpy as np
import pytest

from medssl.data import Cohort, CoordinateSearch, Resolutions, SelfDiscovery

SHAPES = [(24, 24, 20)] * 5 + [(24, 24, 9), (24, 24, 20), (16, 24, 20)]
SPLITS = ["train"] * 6 + ["val"] * 2
FEATURES = np.array([[0.0], [1], [3], [7], [15], [0.1], [0.2], [0.3]])
SEARCH = CoordinateSearch(margin=(3, 3, 2), min_distance=3)


def cohort(number=8, shapes=SHAPES, **words):
    rows = range(number)
    facts = {"patients": [f"p{row}" for row in rows], "splits": SPLITS[:number]} | words
    return Cohort([np.zeros(shapes[row], np.float32) for row in rows], FEATURES[:number], **facts)


def discovery(**words):
    small = {"cube": (8, 8, 4), "classes": 6, "resolutions": Resolutions(3, (-2, 1), (6, 10)), "seed": 3}
    return SelfDiscovery(SEARCH, **small | words)


def rows(plan, **wanted):
    return [row for row in plan["cubes"] if all(row[key] == value for key, value in wanted.items())]


@pytest.fixture(scope="module")
def plan():
    return discovery().plan(cohort())


def test_every_class_is_one_place(plan):
    assert plan["classes"] == 6
    assert plan["unfilled"] == []
    for number in range(6):
        assert len({tuple(row["corner"]) for row in rows(plan, resolution=0, **{"class": number})}) == 1


def test_reference_comes_first_and_others_by_distance(plan):
    for number in range(6):
        found = rows(plan, split="train", resolution=0, **{"class": number})
        distances = [row["distance"] for row in found]
        assert distances[0] == 0
        assert distances == sorted(distances)
        reference = found[0]["volume"]
        for row in found:
            assert row["distance"] == pytest.approx(abs(FEATURES[row["volume"], 0] - FEATURES[reference, 0]))


def test_every_volume_with_a_complete_cube_is_in(plan):
    for number in range(6):
        x, _, z = rows(plan, resolution=0, **{"class": number})[0]["corner"]
        present = {row["volume"] for row in rows(plan, **{"class": number})}
        assert present == {0, 1, 2, 3, 4, 6} | ({5} if z + 4 <= 9 else set()) | ({7} if x + 8 <= 16 else set())


def test_training_has_three_resolutions_and_validation_one(plan):
    assert len(rows(plan, split="train", resolution=0)) * 3 == len(rows(plan, split="train"))
    assert {row["resolution"] for row in rows(plan, split="val")} == {0}
    for row in plan["cubes"]:
        lengths = (row["size"], row["size"], row["depth"])
        assert all(c >= 0 and c + n <= s for c, n, s in zip(row["corner"], lengths, SHAPES[row["volume"]], strict=True))


def test_corners_of_all_classes_keep_their_distance(plan):
    corners = [rows(plan, resolution=0, **{"class": number})[0]["corner"] for number in range(6)]
    apart = [np.linalg.norm(np.subtract(a, b)) for place, a in enumerate(corners) for b in corners[:place]]
    assert min(apart) >= 3


def test_seed_decides(plan):
    assert discovery().plan(cohort()) == plan
    assert discovery(seed=4).plan(cohort())["cubes"] != plan["cubes"]


def test_neighbours_are_limited_to_the_nearest():
    plan = discovery(neighbours=2, validation_neighbours=1).plan(cohort())
    for number in range(6):
        found = rows(plan, resolution=0, **{"class": number})
        assert [row["split"] for row in found] == ["train", "train", "val"]
        z = found[0]["corner"][2]
        reference = found[0]["volume"]
        room = [row for row in range(6) if row != reference and (row != 5 or z + 4 <= 9)]
        assert found[1]["volume"] == min(room, key=lambda row: abs(FEATURES[row, 0] - FEATURES[reference, 0]))


@pytest.mark.parametrize(
    ("classes", "each", "most"),
    [
        pytest.param(5, 1, 1, id="one-each"),
        pytest.param(4, "auto", 1, id="auto-with-patients-enough"),
        pytest.param(10, "auto", 2, id="auto-with-too-few"),
        pytest.param(6, 4, 4, id="four-each"),
    ],
)
def test_classes_from_one_reference(classes, each, most):
    shapes = [(24, 24, 20)] * 8
    plan = discovery(classes=classes, coordinates_per_reference=each).plan(cohort(shapes=shapes))
    assert plan["classes"] == classes
    references = [rows(plan, distance=0, resolution=0, **{"class": number})[0]["volume"] for number in range(classes)]
    assert max(references.count(reference) for reference in references) == most
    changes = 1 + sum(a != b for a, b in pairwise(references))
    assert changes == len(set(references))  # a reference is not used again


def test_classes_that_cannot_be_filled_have_a_reason(caplog):
    with caplog.at_level(logging.WARNING):
        plan = discovery(classes=9, coordinates_per_reference=1).plan(cohort())
    assert plan["classes"] == 5
    assert [entry["class"] for entry in plan["unfilled"]] == [5, 6, 7, 8]
    assert "all 6 training volumes were used as reference; 1 were smaller than" in plan["unfilled"][0]["reason"]
    assert "classes [5, 6, 7, 8] could not be filled" in caplog.text


def test_volumes_too_small_for_a_reference_are_named(caplog):
    with caplog.at_level(logging.WARNING):
        plan = discovery().plan(cohort())
    small = {"volume": 5, "patient": "p5", "shape": [24, 24, 9], "needed": [15, 15, 12]}
    assert plan["unsuitable"] == [small]
    assert "p5 is no reference: its volume is [24, 24, 9] voxels, needed are [15, 15, 12]." in caplog.messages


def test_three_patients_are_enough():
    three = cohort(3, splits=["train", "train", "val"])
    assert discovery().plan(three)["classes"] == 6


def test_volumes_may_have_a_channel_or_a_name():
    volumes = [{"image": np.zeros((1, 24, 24, 20))}, np.zeros((1, 24, 24, 20)), np.zeros((24, 24, 20))]
    mixed = Cohort(volumes, FEATURES[:3], patients=["a", "b", "c"], splits=["train"] * 3)
    assert {mixed.volume(row).shape for row in range(3)} == {(24, 24, 20)}


@pytest.mark.parametrize(
    ("make", "message"),
    [
        pytest.param(lambda: cohort(2), "at least 3 patients, 2 of them for training, got 2 and 2", id="patients"),
        pytest.param(lambda: cohort(3, splits=["train", "val", "val"]), "got 3 and 1", id="training-patients"),
        pytest.param(lambda: cohort(3, patients=["a", "a", "b"]), "got 2 and 2", id="volumes-of-one-patient"),
        pytest.param(lambda: cohort(4, splits=["train"] * 3), r"the same length, got \(4, 4, 4, 3\)", id="lengths"),
        pytest.param(lambda: Cohort([0] * 3, [[np.nan]] * 3, patients="abc", splits=SPLITS[:3]), "3 others", id="nan"),
        pytest.param(lambda: discovery(cube=(32, 32, 4)).plan(cohort()), r"filled 0 of 6 .* 39 x 39 x 12", id="small"),
        pytest.param(lambda: discovery(coordinates_per_reference=0), "1 or more or 'auto', got 0", id="coordinates"),
        pytest.param(lambda: discovery(cube=(8, 6, 4)), "the first two alike", id="cube"),
        pytest.param(lambda: discovery(classes=1), "2 or more, got 1", id="classes"),
    ],
)
def test_refuses(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_refuses_values_that_are_not_scaled():
    raw = Cohort([np.full((24, 24, 20), -1000.0)] * 3, FEATURES[:3], patients="abc", splits=SPLITS[:3])
    with pytest.raises(ValueError, match=r"values in \[0, 1\], volume 0 has .* values in \[-1000, -1000\]"):
        discovery().plan(raw)
