"""What every handler must do, over all that are public."""

import inspect
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from ignite.engine import Engine, Events
from monai.data import MetaTensor
from monai.engines import IterationEvents

import medssl.handlers
from medssl.networks import KeyQueue, QueuedMatch

PUBLIC = [getattr(medssl.handlers, name) for name in medssl.handlers.__all__]
HANDLERS = [part for part in PUBLIC if inspect.isclass(part) and hasattr(part, "attach")]
IMAGE = torch.linspace(0, 1, 2 * 1 * 4 * 4 * 4).reshape(2, 1, 4, 4, 4)
MASKS = torch.nn.functional.one_hot((IMAGE[0, 0] > 0.2).long(), 3).movedim(-1, 0)
META = {"filename_or_obj": "case.nii.gz", "spatial_shape": [8, 8]}
BATCH = [{"image": MetaTensor(IMAGE[0], meta=META), "boxes": torch.tensor([[0.0, 0.0, 2.0, 2.0]])}]
OUTPUTS = {  # of MONAI's engines: whole batches, or a list of single cases
    "batched": {"image": IMAGE, "pred": {"volume": IMAGE}, "label": {"volume": IMAGE}, "loss": torch.tensor(0.5)},
    "matched": {
        "image": torch.stack([IMAGE, IMAGE], dim=1),
        "pred": {"embedding": QueuedMatch(torch.eye(2, 4), torch.eye(2, 4), torch.eye(4))},
        "judged": {"real": torch.tensor(1.0), "fake": torch.tensor(0.0)},
        "loss": torch.tensor(0.5),
    },
    "distilled": {"pred": {"teacher": {"embedding": torch.eye(4).reshape(2, 2, 4)}}, "loss": torch.tensor(0.5)},
    "decollated": [{"image": IMAGE[0], "pred": torch.tensor([0.2, 0.8]), "label": torch.tensor([0, 1])}],
    "masks": [{"image": IMAGE[0], "pred": MASKS, "label": MASKS}],
    "planes": [{"image": IMAGE[0, ..., 0], "pred": MASKS[..., 0], "label": MASKS[..., 0]}],
    "lines": {
        "image": IMAGE[..., 0],
        "pred": {"lines": IMAGE[..., 0]},
        "label": {"lines": IMAGE[..., 0], "line_forms": torch.ones(2, 1, 3), "pixel_axes": torch.ones(2, 2, 2).triu()},
        "loss": torch.tensor(0.5),
    },
    "heat": [
        {"image": IMAGE[0, ..., 0], "pred_heat": IMAGE[0, ..., 0], "pred_shown": 1, "pred_scores": torch.ones(2)},
    ],
}

each_handler = pytest.mark.parametrize("handler", HANDLERS, ids=lambda handler: handler.__name__)


def engine(kind: str = "batched") -> Engine:
    """Make an engine with the state and the output that MONAI's have, which computes nothing and draws nothing."""
    made = Engine(lambda _, __: OUTPUTS[kind])
    made.register_events(*IterationEvents)
    made.state.best_metric, made.state.best_metric_epoch = 0.5, -1
    made.state.metric_details = {"dice": np.zeros((2, 2))}
    made.add_event_handler(Events.EPOCH_STARTED, lambda e: e.state.metrics.update(dice=torch.tensor([0.5, 0.25])))
    return made


def words(folder: Path) -> dict[str, Any]:
    """One value for each word of a constructor; a word means the same in every handler."""
    network = torch.nn.Sequential(OrderedDict(encoder=torch.nn.Linear(2, 2)))
    network.lr = 0.5
    network.register_buffer("centre", torch.zeros(4))
    validator = engine()
    validator.run = lambda **_: None  # MONAI's evaluators have their data
    patients = [{"image": str(number), "class": number % 2, "patient": str(number)} for number in range(4)]
    return {
        "cases": patients,
        "columns": ["first", "second"],
        "curve": medssl.handlers.Curve(0.5, 0.25, 4),
        "directory": folder,
        "earlier": "none_given",
        "epochs": 1,
        "evaluator": engine(),
        "floor": 0.1,
        "log_dir": folder / "logs",
        "loss": torch.nn.MSELoss(),
        "metric": "dice",
        "momentum": 0.5,
        "name": "lr",
        "names": ["first", "second"],
        "network": network,
        "networks": [network],
        "objects": {"network": network},
        "optimizer": torch.optim.SGD(network.parameters(), lr=0.1),
        "parameters": list(network.parameters()),
        "path": folder / "written",
        "preprocessing": lambda case: {"image": torch.full([1, 2, 2], float(case["image"]))},
        "patience": 1,
        "queue": KeyQueue(4, 4),
        "rows": {"overlap": ["dice", "constant"]},
        "settings": {"seed": 0},
        "source": network,
        "target": network,
        "terms": lambda output: {"loss": float(output["loss"]), "realism": 1.0},
        "validator": validator,
    }


def build(handler: type, folder: Path) -> Any:
    known, parameters = words(folder), inspect.signature(handler).parameters
    needed = {name for name, parameter in parameters.items() if parameter.default is parameter.empty}
    assert needed <= known.keys(), f"say in `words` what {sorted(needed - known.keys())} is worth"
    return handler(**{name: known[name] for name in parameters if name in known})


def run(kind: str, *handlers: Any) -> Engine:
    made = engine(kind)
    for handler in handlers:
        handler.attach(made)
    made.run([BATCH, BATCH], max_epochs=2)
    return made


def test_some_are_found():
    assert HANDLERS


@each_handler
def test_says_what_it_does(handler: type):
    assert inspect.getdoc(handler).splitlines()[0].endswith(".")


@each_handler
def test_lets_a_run_end_as_it_would_without(handler: type, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    errors = {}
    for kind, output in OUTPUTS.items():
        built, before = build(handler, tmp_path / kind), torch.get_rng_state()
        try:
            watched = run(kind, built)
        except Exception as error:  # made for the other kind of engine
            errors[kind] = error
            continue
        assert (watched.state.iteration, watched.state.epoch) == (4, 2)
        assert watched.state.output is output
        assert torch.equal(torch.get_rng_state(), before), "a handler that draws changes what comes after it"
    assert len(errors) < len(OUTPUTS), errors


@each_handler
def test_attaches_to_what_happens(handler: type, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    made = engine()
    count = sum(map(len, made._event_handlers.values()))
    build(handler, tmp_path).attach(made)
    assert sum(map(len, made._event_handlers.values())) > count
