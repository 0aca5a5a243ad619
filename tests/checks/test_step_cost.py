import pytest
import torch

from medssl.checks import step_cost
from medssl.checks.step_cost import StepCost, measure_step, state_bytes


def test_costs_grow_with_the_images():
    cost = StepCost(size=2, seconds=0.5, fixed=100, per_image=10)
    assert cost.batch_seconds(8) == 2.0
    assert cost.batch_bytes(8) == 180


@pytest.mark.parametrize(("momentum", "copies"), [(0.0, 2), (0.9, 3)])
def test_state_by_hand(momentum, copies):
    layer = torch.nn.Linear(3, 5)  # 20 numbers of 4 bytes
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.1, momentum=momentum)
    layer(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    assert state_bytes(optimizer) == copies * 20 * 4


class Squares(torch.nn.Module):
    """Keeps its input, once for either factor, and answers in a nest of containers."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(1))
        self.sizes = []

    def forward(self, image):
        self.sizes.append(len(image))
        return {"a": [image * self.weight], "count": torch.ones(2, dtype=torch.long), "name": "x"}


def test_a_step_by_hand():
    network = Squares()
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
    cost = measure_step(network, optimizer, image=torch.ones(1, 1, 4, 4), batch=3, seconds=0.01)
    assert network.sizes[:2] == [2, 2]
    assert cost.size in (2, 3)
    assert cost.seconds > 0
    assert cost.per_image == 16 * 4
    assert cost.fixed == 2 * 4
    assert float(network.weight.detach()) < 1


@pytest.mark.parametrize(("needed", "size"), [(0.0, 40), (9.0, 2)])
def test_batches_grow_while_there_is_time(needed, size, monkeypatch):
    def call(task, **words):
        task()
        return needed

    monkeypatch.setattr(step_cost, "seconds_per_call", call)
    network = Squares()
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
    assert measure_step(network, optimizer, image=torch.ones(1, 1, 2), batch=40).size == size


def test_one_image_is_enough_for_a_batch_of_one():
    network = Squares()
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
    assert measure_step(network, optimizer, image=torch.ones(1, 1, 2), batch=1, seconds=0.01).size == 1
