"""Runs that go wrong quietly."""

import pytest
import torch
from ignite.engine import Engine
from monai.engines import IterationEvents, SupervisedTrainer

from medssl.handlers import CollapseGuard, FiniteLoss, JudgeGuard
from medssl.losses import WeightedLoss
from medssl.networks import Distilled, Match

SAME, APART = torch.ones(4, 3), torch.eye(3)


def embed(guard, embeddings, start=0):
    engine = Engine(lambda engine, query: {"pred": {"embedding": Match(query, query)}})
    guard.attach(engine)
    if start:
        engine.load_state_dict({"epoch_length": 100, "max_epochs": 1, "iteration": start, "looks_below": 1})
    engine.run(embeddings, max_epochs=1, epoch_length=100 if start else None)
    return engine.state.iteration


@pytest.mark.parametrize(
    ("embeddings", "words", "stop"),
    [
        pytest.param([APART] * 4 + [SAME] * 4, {"patience": 2, "every": 1}, 6, id="second-look-below"),
        pytest.param([APART] * 2 + [SAME] * 8, {"patience": 2, "every": 3}, 6, id="every-third-iteration"),
        pytest.param([SAME, APART] * 4, {"patience": 2, "every": 1}, 8, id="recovers"),
        pytest.param([SAME * float("nan")] * 4, {"patience": 2, "every": 1}, 2, id="not-a-number"),
    ],
)
def test_stops_after_enough_looks_in_a_row(embeddings, words, stop, caplog):
    assert embed(CollapseGuard(0.1, **words), embeddings) == stop
    assert ("collapsed" in caplog.text) == (stop < len(embeddings))


def test_a_resumed_run_goes_on_counting():
    assert embed(CollapseGuard(0.1, patience=2, every=1), [SAME] * 100, start=50) == 51


@pytest.mark.parametrize(
    ("target", "stop"),
    [
        pytest.param(torch.eye(4).reshape(2, 2, 4), 3, id="apart"),
        pytest.param(torch.eye(4)[[0, 0, 0, 0]].reshape(2, 2, 4), 1, id="one-prototype-for-all"),
        pytest.param(torch.full((2, 2, 4), 0.25), 1, id="all-alike-for-all"),
    ],
)
def test_targets_of_two_views_are_watched(target, stop):
    engine = Engine(lambda engine, batch: {"pred": {"embedding": Distilled(torch.randn(2, 2, 4), target)}})
    CollapseGuard(0.1, patience=1, every=1, part="target").attach(engine)
    assert engine.run([0] * 3).iteration == stop


def test_a_run_without_embeddings_is_not_watched():
    engine = Engine(lambda engine, batch: {"pred": {}})
    CollapseGuard(1.0, patience=1, every=1).attach(engine)
    assert engine.run([0, 1]).iteration == 2


@pytest.mark.parametrize("words", [{"floor": 2}, {"floor": 0.1, "patience": 0}, {"floor": 0.1, "every": 0}])
def test_a_guard_needs_sensible_words(words):
    with pytest.raises(ValueError, match=r"floor in \[0, 1\], patience and every of 1 or more"):
        CollapseGuard(**words)


def judge(steps, caplog):
    """Warnings of a run whose iterations answer (real, fake, generator's term)."""

    def step(engine, values):
        return {"judged": {"real": torch.tensor(values[0]), "fake": torch.tensor(values[1])}, "generator": values[2]}

    engine = Engine(step)
    JudgeGuard(lambda output: {"realism": output["generator"]}, window=4).attach(engine)
    engine.run(steps)
    return [(int(record.args[0]), record.args[1].split(":")[0]) for record in caplog.records]


BALANCED, WON, BLIND = (0.7, 0.3, 0.5), (1.0, 0.0, 1.0), (0.5, 0.5, 0.25)


@pytest.mark.parametrize(
    ("steps", "warnings"),
    [
        pytest.param([BALANCED] * 20, [], id="balanced"),
        pytest.param([WON] * 3, [], id="too-few-to-tell"),
        pytest.param([WON] * 20, [(4, "wins")], id="wins-told-once"),
        pytest.param([BLIND] * 20, [(4, "cannot tell them apart")], id="blind-told-once"),
        pytest.param([(1.0, 0.0, 0.9**i) for i in range(20)], [], id="far-apart-but-falling"),
        pytest.param([WON] * 4 + [BALANCED] * 4 + [WON] * 4, [(4, "wins"), (12, "wins")], id="two-episodes"),
        pytest.param([(0.2, 0.8, 0.5)] * 4, [(4, "cannot tell them apart")], id="the-wrong-way-round"),
    ],
)
def test_an_episode_is_told_once(steps, warnings, caplog):
    assert judge(steps, caplog) == warnings


def test_a_run_without_a_discriminator_is_not_watched(caplog):
    engine = Engine(lambda engine, batch: {"pred": {}})
    JudgeGuard(lambda output: {}, window=2).attach(engine)
    engine.run([0] * 5)
    assert not caplog.records


@pytest.mark.parametrize("words", [{"window": 1}, {"wins": 0.1, "blind": 0.2}], ids=["window", "order"])
def test_a_judge_needs_sensible_words(words):
    with pytest.raises(ValueError, match="window of 2 or more and blind below wins"):
        JudgeGuard(dict, **words)


class Dies(torch.nn.Module):
    """Answers that stop being numbers."""

    def __init__(self, network, value):
        super().__init__()
        self.network, self.value, self.calls = network, value, 0

    def forward(self, image):
        self.calls += 1
        answer = self.network(image)
        return {"volume": answer, "pattern": answer * (self.value if self.calls == 3 else 1)}


@pytest.mark.parametrize("value", [float("nan"), float("inf")], ids=str)
def test_a_loss_that_is_no_number_ends_the_run_before_the_step(value):
    network = torch.nn.Linear(2, 2)
    loss = WeightedLoss({"volume": torch.nn.MSELoss(), "pattern": torch.nn.L1Loss()}, {"volume": 1, "pattern": 1})
    batch = {"image": torch.ones(1, 2), "label": torch.zeros(1, 2)}
    trainer = SupervisedTrainer(
        device="cpu", max_epochs=1, train_data_loader=[batch] * 5, network=Dies(network, value), decollate=False,
        optimizer=torch.optim.SGD(network.parameters(), lr=0.1), train_handlers=[FiniteLoss(loss)],
        loss_function=lambda answers, label: loss(answers, dict.fromkeys(answers, label)),
    )  # fmt: skip
    with pytest.raises(FloatingPointError, match=rf"iteration 3: the loss is {value} \(pattern {value}\); the weights"):
        trainer.run()
    assert torch.isfinite(network.weight).all()


def test_a_loss_of_one_term_needs_no_name():
    engine = Engine(lambda engine, batch: engine.fire_event(IterationEvents.LOSS_COMPLETED))
    engine.register_events(*IterationEvents)
    FiniteLoss(torch.nn.MSELoss()).attach(engine)
    engine.state.output = {"loss": torch.tensor(float("nan"))}
    with pytest.raises(FloatingPointError, match="its only term"):
        FiniteLoss(torch.nn.MSELoss())(engine)
