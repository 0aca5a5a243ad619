"""What a batch gives."""

import pytest
import torch
from monai.data import MetaTensor

from medssl.engines import ClassOutput, PrepareClasses, PrepareTargets, TaskOutput


def test_targets_are_plain_tensors_by_task():
    batch = {
        "image": MetaTensor(torch.ones(2, 1, 4)),
        "volume": MetaTensor(torch.zeros(2, 1, 4)),
        "pattern": torch.tensor([1, 2]),
    }
    image, targets = PrepareTargets(["volume", "pattern"])(batch, "cpu")
    assert type(image) is torch.Tensor
    assert list(targets) == ["volume", "pattern"]
    assert type(targets["volume"]) is torch.Tensor
    assert targets["pattern"].tolist() == [1, 2]


def test_a_missing_target_is_named():
    with pytest.raises(ValueError, match=r"\['pattern'\].*'image'"):
        PrepareTargets(["pattern"])({"image": torch.ones(1)})


def test_classes_are_flat_whole_numbers():
    image, classes = PrepareClasses()({"image": torch.ones(2, 1, 4), "class": torch.tensor([[1.0], [0.0]])}, "cpu")
    assert image.shape == (2, 1, 4)
    assert classes.tolist() == [1, 0]
    assert classes.dtype is torch.int64


def test_any_number_of_findings_are_floats():
    batch = {"image": torch.ones(2, 1, 4), "class": torch.tensor([[0, 1, 1], [0, 0, 0]])}
    _, classes = PrepareClasses(multi_label=True)(batch, "cpu")
    assert classes.tolist() == [[0, 1, 1], [0, 0, 0]]
    assert classes.dtype is torch.float32


def test_class_output_compares_scores_with_one_hot_truth():
    output = [
        {"pred": torch.tensor([0.9, 0.1]), "label": torch.tensor([0, 1])},
        {"pred": torch.tensor([0.2, 0.8]), "label": torch.tensor([0, 1])},
    ]
    scores, truth = ClassOutput()(output)
    assert scores.shape == (2, 2)
    assert truth.tolist() == [1, 1]


def test_task_output_picks_one_pair():
    output = {"pred": {"volume": 1, "pattern": 2}, "label": {"volume": 3, "pattern": 4}}
    assert TaskOutput("pattern")(output) == (2, 4)
