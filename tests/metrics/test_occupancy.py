"""How many classes a network ever names."""

import pytest
import torch
from ignite.engine import Engine
from torch.nn.functional import one_hot

from medssl.metrics import ClassOccupancy


def occupancy(batches, classes=4):
    engine = Engine(lambda engine, answers: (one_hot(torch.tensor(answers), classes).float(), None))
    ClassOccupancy(classes, output_transform=lambda output: output).attach(engine, "occupancy")
    return engine.run(batches, max_epochs=2).metrics["occupancy"]


@pytest.mark.parametrize(
    ("batches", "share"),
    [([[0, 0], [0]], 0.25), ([[0, 1], [1, 0]], 0.5), ([[0, 1], [2], [3]], 1.0), ([[3, 3, 3, 2]], 0.5)],
)
def test_share_of_the_classes_that_are_named_over_all_batches(batches, share):
    assert occupancy(batches) == share


def test_an_epoch_does_not_remember_the_last():
    metric = ClassOccupancy(4, output_transform=lambda output: output)
    for scores in (torch.eye(4), torch.eye(4)[[2, 2]]):
        metric.reset()
        metric.update((scores, scores))
    assert metric.compute() == 0.25
