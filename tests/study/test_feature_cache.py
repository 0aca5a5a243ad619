"""Features that are calculated once."""

import pytest
import torch
from torch import nn

from medssl.study.feature_cache import FeatureCache, weights_hash


@pytest.fixture
def cases(tmp_path):
    made = []
    for number in range(4):
        (tmp_path / f"{number}.png").write_bytes(bytes(number + 1))
        made.append({"image": str(tmp_path / f"{number}.png"), "number": number})
    return made


def counting(seen, *, fails_at=None):
    def calculate(cases):
        for case in cases:
            if case["number"] == fails_at:
                raise KeyboardInterrupt
            seen.append(case["number"])
            yield torch.full([2], float(case["number"]))

    return calculate


def test_each_case_is_calculated_once_and_comes_in_its_place(cases, tmp_path):
    cache, seen = FeatureCache(tmp_path / "features"), []
    assert [float(one[0]) for one in cache.features(cases[1:3], counting(seen))] == [1, 2]
    assert [float(one[0]) for one in cache.features([*cases, cases[0]], counting(seen))] == [0, 1, 2, 3, 0]
    assert seen == [1, 2, 0, 3]


def test_a_killed_study_goes_on(cases, tmp_path):
    cache, seen = FeatureCache(tmp_path / "features"), []
    with pytest.raises(KeyboardInterrupt):
        cache.features(cases, counting(seen, fails_at=2))
    assert len(cache.features(cases, counting(seen))) == 4
    assert seen == [0, 1, 2, 3]
    assert not [path for path in (tmp_path / "features").iterdir() if path.suffix != ".npy"]


def test_a_changed_image_is_calculated_anew(cases, tmp_path):
    cache, seen = FeatureCache(tmp_path / "features"), []
    cache.features(cases[:1], counting(seen))
    (tmp_path / "0.png").write_bytes(b"something else")
    cache.features(cases[:1], counting(seen))
    assert seen == [0, 0]


def test_a_changed_label_matters_where_features_depend_on_it(cases, tmp_path):
    cache, seen, label = FeatureCache(tmp_path / "features"), [], tmp_path / "label.png"
    case = {**cases[0], "label": str(label)}
    for content in (b"one", b"another"):
        label.write_bytes(content)
        for keys in (["image"], ["image", "label"], ["image", "label"]):
            cache.features([case], counting(seen), keys=keys)
    assert len(seen) == 1 + 2


def test_the_hash_is_of_all_tensors():
    layer = nn.BatchNorm1d(2)
    before = weights_hash(layer)
    assert weights_hash(nn.BatchNorm1d(2)) == before
    layer.running_mean += 1
    assert weights_hash(layer) != before
