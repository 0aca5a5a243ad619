"""What every loss must do, over all that `medssl.losses` lists."""

import inspect

import pytest
import torch

from medssl import losses

LOSSES = [getattr(losses, name) for name in losses.__all__ if inspect.isclass(getattr(losses, name))]
WORDS = {
    "losses": {"volume": torch.nn.MSELoss(), "pattern": torch.nn.CrossEntropyLoss()},
    "weights": {"volume": 1.0, "pattern": 0.01},
    "fine": losses.FineCorrespondence(),
    "coarse": losses.CoarseCorrespondence(),
}


COMPARES_IMAGES = {losses.RedundancyReduction}
COMPARES_CELLS = {losses.CorrespondenceLoss}
NAMES_CLASSES = {losses.KnownCrossEntropy}


def build(loss):
    if loss in COMPARES_CELLS:
        return loss(WORDS["fine"], WORDS["coarse"])
    given = inspect.signature(loss).parameters
    parameters = {name: one for name, one in given.items() if name not in ("args", "kwargs")}  # of torch's Module
    unknown = [name for name, one in parameters.items() if one.default is one.empty and name not in WORDS]
    assert not unknown, f"add small values for {unknown} of {loss.__name__} to this table"
    return loss(**{name: WORDS[name] for name in parameters if name in WORDS})


def batch(loss, count=3):
    """What a loss is called with, by the name of the parameter; the first one wants a gradient."""
    draw = torch.Generator().manual_seed(0)
    volume = torch.rand(count, 1, 4, 4, 4, generator=draw)
    logits = torch.rand(count, 5, generator=draw)
    embedding = torch.rand(count, 5, generator=draw).requires_grad_()
    known = {
        "predictions": {"volume": volume.clone().requires_grad_(), "pattern": logits.requires_grad_()},
        "targets": {"volume": volume / 2, "pattern": torch.arange(count)},
        "query": embedding,
        "prediction": embedding,
        "student": embedding,
        "input": embedding,
        "key": torch.rand(count, 5, generator=draw),
        "target": torch.rand(count, 5, generator=draw),
        "queue": torch.nn.functional.normalize(torch.rand(5, 7, generator=draw), dim=0),
    }
    maps = torch.nn.functional.normalize(torch.rand(2, count, 2, 5, 4, 4, 4, generator=draw), dim=3)
    grid = 8 * torch.stack(torch.meshgrid(*[torch.arange(4.0)] * 3, indexing="ij"))
    known |= {"fine": maps[0].requires_grad_(), "coarse": maps[1].clone().requires_grad_()}
    known |= {"places": torch.stack([grid, grid + 1]).expand(count, 2, 3, 4, 4, 4)}
    if loss in NAMES_CLASSES:
        known["target"] = torch.arange(count)
    if loss in COMPARES_CELLS:
        known["predictions"] = {key: known[key] for key in ("fine", "coarse")}
        known["targets"] = dict.fromkeys(("fine", "coarse"), known["places"])
    return [known[name] for name in list(inspect.signature(loss.forward).parameters)[1:]]


every = pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss.__name__)


@every
def test_docstring_says_shapes_and_where_it_comes_from(loss):
    assert {"Shape:", "Source:"} <= {line.strip() for line in inspect.getdoc(loss).splitlines()}


@every
@pytest.mark.parametrize("count", [1, 3])
def test_value_is_one_finite_number_with_a_gradient(loss, count):
    if count == 1 and loss in COMPARES_IMAGES:
        pytest.skip("one image alone has nothing to be compared with")
    data = batch(loss, count)
    value = build(loss)(*data)
    value.backward()
    assert value.shape == ()
    assert value.isfinite()
    learning = data[0].values() if isinstance(data[0], dict) else data[:1]
    assert all(one.grad.isfinite().all() and one.grad.any() for one in learning)


@every
def test_half_precision_changes_little(loss):
    data = batch(loss)
    with torch.autocast("cpu", torch.bfloat16):
        value = build(loss)(*data)
    torch.testing.assert_close(value, build(loss)(*data), rtol=1e-2, atol=1e-2)


@every
def test_same_arguments_same_value(loss):
    data, one = batch(loss), build(loss)
    assert one(*data) == one(*data)


@every
def test_nothing_in_it_learns(loss):
    assert not list(build(loss).parameters())
