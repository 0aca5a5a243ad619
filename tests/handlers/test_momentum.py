"""The slow copy and the queue."""

import copy

import pytest
import torch
from ignite.engine import Engine
from torch import nn

from medssl.handlers import Curve, MomentumUpdate, QueueKeys
from medssl.networks import KeyQueue, QueuedMatch


def network():
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4)).double()


def test_parameters_follow_before_the_iteration_and_buffers_stay():
    source, target = network(), network()
    start = copy.deepcopy(target.state_dict())
    seen = []

    def step(engine, batch):
        seen.append(target[0].weight.detach().clone())
        with torch.no_grad():
            source[0].weight += 1
            source[1].running_mean += 1

    first = source[0].weight.detach().clone()
    engine = Engine(step)
    MomentumUpdate(source, target, momentum=0.75).attach(engine)
    engine.run([0, 1])
    once = 0.75 * start["0.weight"] + 0.25 * first
    assert torch.allclose(seen[0], once, rtol=1e-14)
    assert torch.allclose(seen[1], 0.75 * once + 0.25 * (first + 1), rtol=1e-14)
    assert torch.equal(target[1].running_mean, start["1.running_mean"])
    assert target[0].weight.grad_fn is None


def test_a_source_may_have_more_than_its_copy():
    source, target = nn.ModuleDict({"a": nn.Linear(1, 1), "b": nn.Linear(1, 1)}), nn.ModuleDict({"a": nn.Linear(1, 1)})
    MomentumUpdate(source, target, momentum=0)(Engine(lambda e, b: None))
    assert torch.equal(target["a"].weight, source["a"].weight)


@pytest.mark.parametrize(
    "target", [nn.Linear(3, 4).double(), nn.Sequential(nn.Linear(3, 5)), nn.Flatten()], ids=["name", "shape", "empty"]
)
def test_what_the_source_lacks_is_named(target):
    with pytest.raises(ValueError, match="make the target as a copy"):
        MomentumUpdate(network(), target, momentum=0.9)


def test_after_the_step_by_a_curve():
    source, target = nn.Linear(1, 1, bias=False), nn.Linear(1, 1, bias=False)
    nn.init.zeros_(target.weight)
    seen = []

    def step(engine, batch):
        seen.append(target.weight.item())
        nn.init.constant_(source.weight, batch)

    engine = Engine(step)
    MomentumUpdate(source, target, momentum=Curve(0.5, 1.0, 2), after=True).attach(engine)
    engine.run([8.0, 12.0])
    assert seen == [0, 4]
    assert target.weight.item() == pytest.approx(0.75 * 4 + 0.25 * 12)


@pytest.mark.parametrize("momentum", [99, Curve(99, 1, 5)], ids=["number", "curve"])
def test_momentum_is_a_share(momentum):
    with pytest.raises(ValueError, match=r"share in \[0, 1\], got 99"):
        MomentumUpdate(network(), network(), momentum=momentum)


def test_keys_of_each_iteration_enter_the_queue_after_it():
    queue = KeyQueue(2, 4)
    before = queue.keys.clone()

    def step(engine, key):
        return {"pred": {"embedding": QueuedMatch(key, key, queue.keys.clone())}}

    engine = Engine(step)
    QueueKeys(queue).attach(engine)
    engine.run([torch.tensor([[0.0, 2], [3, 0]])])
    assert torch.equal(engine.state.output["pred"]["embedding"].queue, before)
    assert queue.keys[:, :2].tolist() == [[0, 1], [1, 0]]
    assert int(queue.pointer) == 2
