"""Classes asked of an encoder that is pre-trained without them."""

import json
import random

import numpy as np
import pytest
import torch
from ignite.engine import Engine, Events

from medssl.handlers import ProbeClasses
from medssl.networks import ConvEncoder
from medssl.weights import feature_preprocessing

NAMES = {"probe_knn", "probe_linear", "probe_majority"}


class Network(torch.nn.Module):
    """An encoder with dropout, which would show whether it works as in evaluation."""

    def __init__(self, spatial_dims=2):
        super().__init__()
        torch.manual_seed(0)
        self.encoder = ConvEncoder(spatial_dims=spatial_dims, in_channels=1, width=2, levels=2, norm="running")
        self.encoder.rest = torch.nn.Dropout()

    def forward(self, image):
        return self.encoder.rest(self.encoder(image)[-1])


def cases(count=12, classes=2):
    return [
        {"image": str(number), "class": number % classes, "patient": f"p{number // classes}"} for number in range(count)
    ]


def draw(case):
    """A picture whose class is where it is bright; drawing moves every global generator."""
    torch.rand(3), np.random.rand(3), random.random()
    number = int(case["image"])
    image = torch.rand(1, 8, 8, generator=torch.Generator().manual_seed(number))
    return {"image": image * (0.1 + number % 2)}


def validate(probe, epochs):
    """Metrics after each of so many validations."""
    engine, seen = Engine(lambda engine, batch: None), []
    probe.attach(engine)
    engine.add_event_handler(Events.EPOCH_COMPLETED, lambda engine: seen.append(dict(engine.state.metrics)))
    engine.run([0], max_epochs=epochs)
    return seen


def test_what_is_there_to_see_is_found():
    (found,) = validate(ProbeClasses(Network(), cases(40), preprocessing=draw), 1)
    assert set(found) == NAMES
    assert found["probe_linear"] > 0.7
    assert found["probe_majority"] == 0.5


def test_halves_share_no_patient_and_go_by_the_seed():
    halves = [ProbeClasses(Network(), cases(40), preprocessing=draw, seed=seed).halves for seed in (0, 0, 1)]
    assert halves[0] == halves[1] != halves[2]
    train, val = ({case["patient"] for case in halves[0][part]} for part in ("train", "val"))
    assert not train & val
    assert len(train) == len(val) == 10


def test_only_every_so_many_epochs_and_old_numbers_are_taken_away():
    found = validate(ProbeClasses(Network(), cases(), preprocessing=draw, interval=2), 5)
    assert [set(metrics) for metrics in found] == [set(), NAMES, set(), NAMES, set()]


def train(*handlers):
    """A run of three epochs that draws from every global generator."""
    torch.manual_seed(1), np.random.seed(1), random.seed(1)
    network = Network()
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)

    def step(engine, batch):
        network.train()
        optimizer.zero_grad()
        loss = (network(torch.rand(2, 1, 8, 8)) - np.random.rand() - random.random()).square().mean()
        loss.backward()
        optimizer.step()
        return float(loss.detach())

    trainer, evaluator, losses = Engine(step), Engine(lambda engine, batch: None), []
    for handler in handlers:
        handler(network).attach(evaluator)
    trainer.add_event_handler(Events.ITERATION_COMPLETED, lambda engine: losses.append(engine.state.output))
    trainer.add_event_handler(Events.EPOCH_COMPLETED, lambda engine: evaluator.run([0]))
    trainer.run([0, 1, 2], max_epochs=3)
    return losses, network.state_dict()


def test_the_run_is_exactly_as_without():
    losses, state = train()
    watched, watched_state = train(lambda network: ProbeClasses(network, cases(), preprocessing=draw))
    assert losses == watched
    assert all(torch.equal(watched_state[name], tensor) for name, tensor in state.items())


def test_modes_are_as_before():
    network = Network().train()
    network.encoder.rest.eval()
    modes = [part.training for part in network.modules()]
    validate(ProbeClasses(network, cases(), preprocessing=draw), 1)
    assert [part.training for part in network.modules()] == modes


def test_stacks_are_seen_slice_by_slice():
    def stack(case):
        return {"image": draw(case)["image"][..., None].expand(-1, -1, -1, 3)}

    flat = ProbeClasses(Network(), cases(), preprocessing=draw)
    stacked = ProbeClasses(Network(), cases(), preprocessing=stack, by_slice=True)
    for probe in (flat, stacked):
        probe.network.eval()
    assert torch.allclose(flat.vectors(cases()), stacked.vectors(cases()), atol=1e-5)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        pytest.param({"network": torch.nn.Linear(1, 1)}, "with an `encoder`.*got Linear", id="no-encoder"),
        pytest.param({"interval": 0}, "1 epoch or more.*and 0", id="interval"),
        pytest.param({"cases": [{"image": "a", "patient": "p"}]}, "1 of 1 have none", id="no-class"),
        pytest.param({"cases": []}, "a class for each case", id="nothing"),
    ],
)
def test_bad_words_are_refused(words, message):
    given = {"network": Network(), "cases": cases(), "preprocessing": draw, **words}
    with pytest.raises(ValueError, match=message):
        ProbeClasses(given.pop("network"), given.pop("cases"), **given)


def test_preprocessing_comes_from_the_bundle_with_the_runs_words(tmp_path):
    (tmp_path / "configs").mkdir()
    transforms = [{"_target_": "ScaleIntensityRange", "a_min": 0, "a_max": "@grid#top", "b_min": 0, "b_max": 1}]
    config = {
        "bundle_root": ".",
        "grid": {"top": 4},
        "preprocessing": {"_target_": "Compose", "transforms": transforms},
    }
    (tmp_path / "configs" / "features.json").write_text(json.dumps(config))
    assert feature_preprocessing(tmp_path)(torch.tensor(4.0)) == 1
    assert feature_preprocessing(tmp_path, {"grid": {"top": 8}})(torch.tensor(4.0)) == 0.5
    with pytest.raises(ValueError, match=r"features.json has no \['picture'\]"):
        feature_preprocessing(tmp_path, {"picture": 1})
