from collections import Counter

import numpy as np
import pytest

from medssl.transforms import layered_perturbations, one_perturbation

RAMP = np.linspace(0, 1, 20 * 20 * 20).reshape(1, 20, 20, 20)
FLIP_NEVER = {"prob": 0}


def kind(result):
    """What was done to the ramp, all of whose values differ."""
    share = (result != RAMP).mean()
    if share == 0:
        return "none"
    if np.isin(result, RAMP).all():
        return "shuffle"
    same_order = np.unique(np.sign(np.diff(result.ravel())))
    if len(same_order) == 1:
        return "bend"
    return "in" if share < 0.5 else "out"


def kinds(composition, runs=600):
    composition.set_random_state(seed=0)
    found = Counter(kind(composition({"image": RAMP, "volume": RAMP})["image"]) for _ in range(runs))
    return {name: count / runs for name, count in found.items()}


def test_exactly_one_of_four_is_done():
    found = kinds(one_perturbation("image", warp={"prob": 0}, shuffle={"windows": 50}))
    assert found == pytest.approx(dict.fromkeys(["shuffle", "bend", "in", "out"], 0.25), abs=0.05)


def test_weights_choose():
    found = kinds(one_perturbation("image", warp={"prob": 0}, weights=(0, 0, 1, 3)), runs=400)
    assert found == pytest.approx({"in": 0.25, "out": 0.75}, abs=0.08)


def test_the_warp_comes_first_and_always():
    small = RAMP.astype(np.float32)
    composition = one_perturbation("image", weights=(0, 0, 1, 0), in_paint={"first_prob": 0})
    composition.set_random_state(seed=0)
    assert all((composition({"image": small})["image"] != small).mean() > 0.9 for _ in range(20))


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        pytest.param({"shuffle": {}, "bend": {"prob": 0}, "paint": 0}, {"shuffle": 0.5, "none": 0.5}, id="shuffle"),
        pytest.param({"shuffle": {"prob": 0}, "bend": {}, "paint": 0}, {"bend": 0.9, "none": 0.1}, id="bend"),
        pytest.param(
            {"shuffle": {"prob": 0}, "bend": {"prob": 0}, "paint": 0.9},
            {"in": 0.9 * 0.2 * 0.95, "out": 0.9 * 0.8, "none": 0.1 + 0.9 * 0.2 * 0.05},
            id="paint",
        ),
    ],
)
def test_each_layer_has_its_own_chance(words, expected):
    paint = {"prob": words.pop("paint"), "boxes": 1}
    composition = layered_perturbations(
        "image", flip_keys=["image", "volume"], flip=FLIP_NEVER, in_paint=paint, out_paint=paint, **words
    )
    assert kinds(composition) == pytest.approx(expected, abs=0.05)


def test_image_and_volume_flip_together_and_only_the_image_is_spoiled():
    composition = layered_perturbations("image", flip_keys=["image", "volume"], shuffle={"windows": 100})
    composition.set_random_state(seed=0)
    volumes = [composition({"image": RAMP, "volume": RAMP})["volume"] for _ in range(100)]
    flips = Counter(tuple(np.sign(np.diff(v[0, :2, :2, 0], axis=axis)[0, 0]) for axis in (0, 1)) for v in volumes)
    assert set(flips) == {(1, 1), (-1, 1), (1, -1), (-1, -1)}
    assert all((np.sort(volume.ravel()) == RAMP.ravel()).all() for volume in volumes)
    only_flip = layered_perturbations(
        "image",
        flip_keys=["image", "volume"],
        shuffle=FLIP_NEVER,
        bend=FLIP_NEVER,
        in_paint=FLIP_NEVER,
        out_paint=FLIP_NEVER,
    )
    results = [only_flip({"image": RAMP, "volume": RAMP}) for _ in range(50)]
    assert all((result["image"] == result["volume"]).all() for result in results)


@pytest.mark.parametrize(
    "composition",
    [
        pytest.param(one_perturbation("image"), id="one"),
        pytest.param(layered_perturbations("image", flip_keys=["image", "volume"]), id="layered"),
    ],
)
@pytest.mark.parametrize("shape", [(1, 20, 20, 20), (1, 40, 30)], ids=["volume", "plane"])
def test_seed_decides_all(composition, shape):
    data = {key: np.random.RandomState(0).rand(*shape).astype(np.float32) for key in ("image", "volume")}
    first, other, again = (composition.set_random_state(seed=seed)(data)["image"] for seed in (1, 2, 1))
    assert (first == again).all()
    assert (first != other).any()
