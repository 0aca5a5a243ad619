"""Numbers that change while a run goes on."""

import pickle
from types import SimpleNamespace

import pytest
import torch
from ignite.engine import Engine

from medssl.handlers import Curve, Ramp, ScheduledOptimizer, ScheduledValue


@pytest.mark.parametrize(
    ("curve", "values"),
    [
        pytest.param(Curve(2.0, 1.0, 4), [2, 1 + 0.5 * (1 + 0.5**0.5), 1.5, 1 + 0.5 * (1 - 0.5**0.5), 1], id="cosine"),
        pytest.param(Curve(3.0, 1.0, 6, warmup=4), [0, 1, 2, 3, 3, 2, 1, 1], id="warm-up-from-0-with-both-ends"),
        pytest.param(Curve(3.0, 1.0, 3, warmup=1), [0, 3, 2, 1], id="one-step-of-warm-up"),
        pytest.param(Curve(0.5, 1.0, 2), [0.5, 0.75, 1, 1], id="rising"),
        pytest.param(Ramp(1.0, 2.0, 3), [1, 1.5, 2, 2], id="ramp"),
        pytest.param(Ramp(1.0, 2.0, 2, start=2), [1, 1, 1, 2, 2], id="late-ramp"),
        pytest.param(Ramp(1.0, 2.0, 1), [1, 2, 2], id="ramp-of-one"),
        pytest.param(Ramp(1.0, 2.0, 0), [2, 2], id="no-ramp"),
    ],
)
def test_values_by_hand(curve, values):
    assert [curve(step) for step in range(len(values))] == pytest.approx(values)
    assert pickle.loads(pickle.dumps(curve)) == curve


def test_a_curve_needs_more_than_its_warm_up():
    with pytest.raises(ValueError, match="more steps than warm-up, got 5 and 5"):
        Curve(1.0, 0.0, 5, warmup=5)


def optimizer(**words):
    groups = [{"params": [torch.ones(2, requires_grad=True)]}, {"params": [torch.ones(1, requires_grad=True)], **words}]
    return torch.optim.AdamW(groups, lr=0.1, weight_decay=0.04)


def values_seen(handler, seen, *, start=0):
    """What is set in each iteration of two epochs of three."""
    engine = Engine(lambda engine, batch: found.append(seen()))
    found: list = []
    handler.attach(engine)
    if start:
        engine.load_state_dict({"epoch_length": 3, "max_epochs": 2, "iteration": start})
    engine.run([0, 1, 2], max_epochs=2)
    return found


def test_the_first_iteration_has_the_first_value():
    changed = optimizer()
    handler = ScheduledOptimizer(changed, Curve(0.4, 0.1, 6))
    found = values_seen(handler, lambda: [group["lr"] for group in changed.param_groups])
    assert found == [[Curve(0.4, 0.1, 6)(step)] * 2 for step in range(6)]


def test_groups_without_decay_stay_without_after_a_resume_too():
    changed = optimizer(weight_decay=0.0)
    handler = ScheduledOptimizer(changed, Curve(0.04, 0.4, 6), name="weight_decay")
    changed.load_state_dict(changed.state_dict())
    found = values_seen(handler, lambda: [group["weight_decay"] for group in changed.param_groups])
    assert found == [[Curve(0.04, 0.4, 6)(step), 0.0] for step in range(6)]


def test_no_decay_throughout_needs_no_group_that_has_any():
    changed = optimizer(weight_decay=0.0)
    changed.param_groups[0]["weight_decay"] = 0.0
    handler = ScheduledOptimizer(changed, Curve(0.0, 0.0, 6), name="weight_decay")
    found = values_seen(handler, lambda: [group["weight_decay"] for group in changed.param_groups])
    assert found == [[0.0, 0.0]] * 6
    with pytest.raises(ValueError, match="'weight_decay' is above 0 at the start, or a curve that is 0 throughout"):
        ScheduledOptimizer(changed, Curve(0.0, 0.4, 6), name="weight_decay")


@pytest.mark.parametrize("every", ["iteration", "epoch"])
def test_a_resumed_run_has_the_values_of_the_unbroken_one(every):
    target = SimpleNamespace(temperature=1.0)
    handler = ScheduledValue(target, "temperature", curve=Ramp(0.0, 5.0, 6), every=every)
    whole = values_seen(handler, lambda: target.temperature)
    assert whole == ([0, 1, 2, 3, 4, 5] if every == "iteration" else [0, 0, 0, 1, 1, 1])
    assert values_seen(handler, lambda: target.temperature, start=2) == whole[2:]


@pytest.mark.parametrize(
    ("name", "curve", "told"),
    [
        pytest.param("lr", Curve(1e-5, 1e-4, 5), True, id="peak-below-final"),
        pytest.param("lr", Curve(1e-4, 1e-6, 5), False, id="falling"),
        pytest.param("weight_decay", Curve(0.04, 0.4, 5), False, id="decay-may-rise"),
    ],
)
def test_a_learning_rate_that_ends_above_its_peak_is_told(name, curve, told, caplog):
    ScheduledOptimizer(optimizer(), curve, name=name)
    assert ("peak 1e-05 is below its final value 0.0001" in caplog.text) == told


def test_words_that_are_not_there_are_named():
    with pytest.raises(ValueError, match=r"'momentum' is above 0 .*; the words are .*'weight_decay'"):
        ScheduledOptimizer(optimizer(), Curve(0.0, 0.0, 5), name="momentum")
    with pytest.raises(ValueError, match="'temprature', SimpleNamespace has none"):
        ScheduledValue(SimpleNamespace(temperature=1), "temprature", curve=Ramp(0, 1, 2))
    with pytest.raises(ValueError, match="'iteration' or 'epoch', got 'step'"):
        ScheduledValue(SimpleNamespace(temperature=1), "temperature", curve=Ramp(0, 1, 2), every="step")
