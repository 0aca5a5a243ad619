from collections import Counter

import numpy as np
import pytest
import torch
from monai.data import MetaTensor

from medssl.transforms import RandRepeatedFlip, RandRepeatedFlipd
from tests.benchmarks import naive

IMAGE = np.arange(24.0).reshape(1, 2, 3, 4)


def outcomes(runs, **words):
    flip = RandRepeatedFlip(**words).set_random_state(0)
    found = []
    for _ in range(runs):
        result = flip(IMAGE)
        assert (result == naive.flip(IMAGE, flip.flipped)).all()
        found.append(tuple(sorted(flip.flipped)))
    return {axes: count / runs for axes, count in Counter(found).items()}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        pytest.param({"prob": 1, "max_flips": 1, "idle_prob": 0}, {(0,): 0.5, (1,): 0.5}, id="one-for-sure"),
        pytest.param({"prob": 1, "max_flips": 2, "idle_prob": 0}, {(): 0.5, (0, 1): 0.5}, id="twice-undoes"),
        pytest.param({"prob": 1, "max_flips": 1, "idle_prob": 0, "axes": (2,)}, {(2,): 1.0}, id="depth-only"),
        pytest.param({"prob": 0}, {(): 1.0}, id="never"),
        pytest.param({}, {(): 0.724, (1,): 0.120, (0,): 0.123, (0, 1): 0.033}, id="defaults-as-published"),
    ],
)
def test_how_often(words, expected):
    assert outcomes(3000, **words) == pytest.approx(expected, abs=0.03)


def test_all_keys_flip_together():
    result = RandRepeatedFlipd(["image", "volume"], prob=1).set_random_state(0)({"image": IMAGE, "volume": IMAGE + 1})
    assert (result["volume"] == result["image"] + 1).all()
    assert (result["image"] != IMAGE).any()


def test_affine_follows():
    affine = torch.tensor([[0, 2.0, 0, 5], [-1, 0, 0, 6], [0, 0, 3, 7], [0, 0, 0, 1]], dtype=torch.float64)
    image = MetaTensor(torch.from_numpy(IMAGE), affine=affine)
    flipped = RandRepeatedFlip(prob=1, max_flips=1, idle_prob=0, axes=(1,)).set_random_state(0)(image)
    assert flipped[0, 1, 0, 2] == image[0, 1, 2, 2]
    assert (flipped.affine @ torch.tensor([1.0, 0, 2, 1]).double()).tolist() == (
        affine @ torch.tensor([1.0, 2, 2, 1]).double()
    ).tolist()
    assert (image.affine == affine).all()


@pytest.mark.parametrize("words", [{"max_flips": 0}, {"axes": ()}, {"axes": (-1,)}], ids=str)
def test_bad_words_are_refused(words):
    with pytest.raises(ValueError, match="at least 1 flip and axes from 0 on"):
        RandRepeatedFlip(**words)


def test_missing_axis_is_refused():
    with pytest.raises(ValueError, match="image with 2 spatial axes"):
        RandRepeatedFlip(axes=(0, 2))(IMAGE[..., 0])
