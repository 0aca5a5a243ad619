import pytest

from medssl.checks import target_misfits
from medssl.checks.targets import taken_arguments


@pytest.mark.parametrize(
    ("component", "complaint"),
    [
        pytest.param({"_target_": "torch.nn.Conv9d"}, "cannot be located", id="nowhere"),
        pytest.param({"_target_": "torch.nn.Linear", "in_features": 1}, "missing a required", id="missing"),
        pytest.param({"_target_": "SimpleInferer", "gain": 1}, "gain", id="unknown"),
        pytest.param({"_target_": "EnsureChannelFirstd", "keys": "a", "gain": 1}, "gain", id="unknown-to-bases"),
        pytest.param({"_target_": "torch.nn.MSELoss", "_disabled_": True}, "", id="good"),
        pytest.param({"_target_": "torch.nn.Linear", "_mode_": "callable"}, "", id="callable-needs-less"),
        pytest.param({"_target_": "medssl.data.KeyedLoader", "dataset": 1, "pin_memory": True}, "", id="bases-words"),
        pytest.param({"_target_": "builtins.dict", "a": 1}, "", id="no-signature"),
    ],
)
def test_misfits(component, complaint):
    found = list(target_misfits(component))
    assert bool(found) == bool(complaint)
    assert all(complaint in text for text in found)


def test_arguments():
    assert {"lr", "weight_decay"} <= taken_arguments({"_target_": "torch.optim.SGD"})
    assert "seed" in taken_arguments({"_target_": "medssl.data.split_cases"})
    assert taken_arguments({"_target_": "torch.nn.Conv9d"}) == set()
