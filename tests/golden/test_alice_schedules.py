"""Schedules, clipped gradients and centres of Alice against the numbers of the published program."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from medssl.handlers import CentreUpdate, ClipGradients, Curve, Ramp

ITERATIONS, WARMUP = 10 * 5, 2 * 5


@pytest.fixture(scope="module")
def numbers(golden):
    return golden("alice/alice_golden.npz")


@pytest.mark.parametrize(
    ("name", "curve"),
    [
        pytest.param("sched/lr", Curve(5e-2 * 8 / 256, 1e-4, ITERATIONS, warmup=WARMUP), id="learning-rate"),
        pytest.param("sched/lr_readme", Curve(5e-5 * 64 / 256, 1e-4, ITERATIONS, warmup=WARMUP), id="as-documented"),
        pytest.param("sched/wd", Curve(0.04, 0.4, ITERATIONS), id="weight-decay"),
        pytest.param("sched/momentum", Curve(0.996, 1.0, ITERATIONS), id="momentum"),
        pytest.param("loss/teacher_temp_schedule", Ramp(0.008, 0.01, 30), id="temperature"),
        pytest.param("loss/teacher_temp2_schedule_mim5", Ramp(0.008, 0.01, 30, start=5), id="later-temperature"),
    ],
)
def test_schedules(numbers, name, curve):
    expected = numbers[name]
    np.testing.assert_allclose([curve(step) for step in range(len(expected))], expected, rtol=1e-12)


def test_clipped_gradients(numbers):
    names = ("a.weight", "a.bias", "b.weight", "b.bias")
    network = nn.ParameterList([torch.zeros(numbers[f"clip/in_{name}"].shape) for name in names])
    for parameter, name in zip(network, names, strict=True):
        parameter.grad = torch.from_numpy(numbers[f"clip/in_{name}"]).clone()
    np.testing.assert_allclose([p.grad.norm() for p in network], numbers["clip/norms"], rtol=1e-6)
    ClipGradients(network, norm=3.0)(None)
    for parameter, name in zip(network, names, strict=True):
        np.testing.assert_allclose(parameter.grad, numbers[f"clip/out_{name}"], rtol=1e-6)


@pytest.mark.parametrize(("task", "name"), [("embedding", "cls"), ("tokens", "patch")])
def test_centres(numbers, task, name):
    logits = torch.from_numpy(numbers[f"loss/teacher_{name}"])[None]  # one pair
    target = nn.Module()
    target.register_buffer("centre", torch.zeros(16))
    update = CentreUpdate(target, task, momentum=0.9)
    engine = SimpleNamespace(state=SimpleNamespace(output={"pred": {"teacher": {task: logits}}}))
    for expected in numbers["loss/center_after" if task == "embedding" else "loss/center2_after"]:
        update(engine)
        np.testing.assert_allclose(target.centre, expected.ravel(), rtol=0, atol=1e-8)
