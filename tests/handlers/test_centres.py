"""Running means of a teacher."""

import pytest
import torch
from ignite.engine import Engine
from torch import nn

from medssl.handlers import CentreUpdate


def target():
    made = nn.Module()
    made.register_buffer("centre", torch.tensor([1.0, -1.0]))
    return made


LOGITS = torch.tensor([[[1.0, 3], [3, 5]], [[0, 0], [4, 4]]])  # two pairs of views, mean (2, 3)


@pytest.mark.parametrize(
    ("task", "logits"), [("embedding", LOGITS), ("tokens", LOGITS.unflatten(2, (1, 2)))], ids=["images", "places"]
)
def test_the_mean_by_hand_after_every_iteration(task, logits):
    moved, seen = target(), []

    def step(engine, batch):
        seen.append(moved.centre.tolist())
        return [{"pred": {"teacher": {task: logits.clone().requires_grad_()}}}]

    engine = Engine(step)
    CentreUpdate(moved, task, momentum=0.75).attach(engine)
    engine.run([0, 1])
    assert seen == [[1, -1], [1.25, 0]]
    assert moved.centre.tolist() == [1.4375, 0.75]
    assert not moved.centre.requires_grad


def test_means_of_half_precision_logits_are_not_rounded():
    logits = torch.tensor([[0.0, 1.0]] + [[1.0, 1.0]] * 256, dtype=torch.bfloat16)[None]  # 257 is no bfloat16
    moved, engine = target(), Engine(lambda engine, batch: {"pred": {"teacher": {"embedding": logits}}})
    CentreUpdate(moved, momentum=0.0).attach(engine)
    engine.run([0])
    assert moved.centre.tolist() == pytest.approx([256 / 257, 1.0], rel=1e-6)


@pytest.mark.parametrize("pred", [{}, {"teacher": {"tokens": LOGITS}}], ids=["no-teacher", "no-task"])
def test_a_run_without_the_task_moves_nothing(pred):
    moved, engine = target(), Engine(lambda engine, batch: {"pred": pred})
    CentreUpdate(moved).attach(engine)
    engine.run([0])
    assert moved.centre.tolist() == [1, -1]


def test_momentum_is_a_share():
    with pytest.raises(ValueError, match=r"share in \[0, 1\], got 1.5"):
        CentreUpdate(target(), momentum=1.5)
