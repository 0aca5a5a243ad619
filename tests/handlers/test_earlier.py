"""Stages that go on from one another."""

import pytest
import torch
from ignite.engine import Engine

from medssl.handlers import EarlierState, TrainingState


def trained(folder, *handlers, network, resume=False, iterations=3):
    engine = Engine(lambda _, __: network.weight.data.add_(1) and None)
    TrainingState(folder / "checkpoint.pt", {"network": network}, settings={}, resume=resume).attach(engine)
    for handler in handlers:
        handler.attach(engine)
    engine.run(range(iterations), max_epochs=1)


def network():
    made = torch.nn.Linear(1, 1, bias=False)
    torch.nn.init.zeros_(made.weight)
    return made


def test_goes_on_from_the_end_of_the_other_run(tmp_path):
    trained(tmp_path / "first", network=network())
    second = network()
    trained(tmp_path / "second", EarlierState(tmp_path / "first/checkpoint.pt", {"network": second}), network=second)
    assert second.weight.item() == 6


def test_a_resumed_run_keeps_its_own_state(tmp_path):
    trained(tmp_path / "first", network=network())
    trained(tmp_path / "second", network=network())
    again = network()
    earlier = EarlierState(tmp_path / "first/checkpoint.pt", {"network": again})
    trained(tmp_path / "second", earlier, network=again, resume=True)
    assert again.weight.item() == 3


def test_none_given_begins_without(tmp_path):
    begun = network()
    trained(tmp_path, EarlierState("none_given", {"network": begun}), network=begun)
    assert begun.weight.item() == 3


def test_a_missing_state_is_named_with_what_to_do(tmp_path):
    begun = network()
    earlier = EarlierState(tmp_path / "pretrain/checkpoint.pt", {"network": begun})
    with pytest.raises(ValueError, match=r"no checkpoint.pt in pretrain/; run that stage first.*--earlier none_given"):
        trained(tmp_path, earlier, network=begun)


@pytest.mark.parametrize(
    ("objects", "message"),
    [
        pytest.param({"other": network()}, r"needs a state of 'other', has \['network'\]", id="other-name"),
        pytest.param({"network": torch.nn.Linear(2, 2)}, "state of 'network' does not fit", id="other-shape"),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path, objects, message):
    trained(tmp_path, network=network())
    with pytest.raises(ValueError, match=message):
        trained(tmp_path, EarlierState(tmp_path / "checkpoint.pt", objects), network=network())


def test_a_run_that_was_not_at_its_end_is_pointed_out(tmp_path, caplog):
    trained(tmp_path / "first", network=network())
    path = tmp_path / "first/checkpoint.pt"
    state = torch.load(path, weights_only=True)
    torch.save(state | {"engine": {**state["engine"], "max_epochs": 2}}, path)
    second = network()
    trained(tmp_path / "second", EarlierState(path, {"network": second}), network=second)
    assert "ended at iteration 3 of 6" in caplog.text
