"""Runs that are cut and continued."""

import contextlib

import pytest
import torch
from ignite.engine import Engine, Events
from monai.engines import SupervisedTrainer
from monai.transforms import Compose, RandGaussianNoised
from torch import nn

from medssl.data import KeyedDataset, KeyedLoader
from medssl.handlers import History, LossTerms, TrainingState


class CutError(Exception):
    pass


class Noisy(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(3, 4), nn.Dropout(0.5), nn.Linear(4, 3))

    def forward(self, image):
        return self.layers(image)


def trainer_of(folder, network, *, seed, epochs, **words):
    """Make a trainer with state, history and a validation that always gets better."""
    data = [{"image": torch.full((3,), float(i)), "label": torch.zeros(3)} for i in range(7)]
    dataset = KeyedDataset(data, Compose([RandGaussianNoised("image", prob=1.0)]), seed=seed)
    validator = Engine(lambda e, b: None)
    validator.state.best_metric, validator.state.best_metric_epoch = -1.0, -1
    loss, optimizer = nn.MSELoss(), torch.optim.Adam(network.parameters(), lr=0.01)
    parts = {"network": network, "optimizer": optimizer}
    state = TrainingState(folder / "checkpoint.pt", parts, evaluator=validator, **words)
    history = History(folder, LossTerms(loss), optimizer=optimizer)
    trainer = SupervisedTrainer(
        device=torch.device("cpu"),
        max_epochs=epochs,
        train_data_loader=KeyedLoader(dataset, batch_size=2, seed=seed),
        network=network,
        optimizer=optimizer,
        loss_function=loss,
        decollate=False,
        train_handlers=[state, history],
    )

    def better(engine):
        validator.state.best_metric, validator.state.best_metric_epoch = float(engine.state.epoch), engine.state.epoch

    trainer.add_event_handler(Events.EPOCH_COMPLETED, better)
    return trainer, history, validator


def stop(engine):
    raise CutError


def run(folder, *, resume=False, cut=None, cut_at=None, epochs=3, seed=0, minutes=1e-9, free=("epochs",)):
    torch.manual_seed(1)
    network = Noisy()
    words = {"settings": {"seed": seed, "epochs": epochs}, "resume": resume, "minutes": minutes, "free": free}
    trainer, history, validator = trainer_of(folder, network, seed=seed, epochs=epochs, **words)
    event, number = cut_at or (Events.ITERATION_STARTED, cut)
    if number:
        trainer.add_event_handler(Events.STARTED, lambda e: e.add_event_handler(event(once=number), stop))
    with contextlib.suppress(CutError):
        trainer.run()
    rows = [{name: value for name, value in row.items() if name != "seconds"} for row in history.rows]
    return torch.cat([p.flatten() for p in network.parameters()]).tolist(), rows, validator.state.best_metric


@pytest.mark.parametrize("cut", [1, 3, 4, 5, 8, 9, 12], ids=lambda n: f"before-iteration-{n}")
def test_a_cut_run_continues_to_the_very_same_result(tmp_path, cut):
    whole = run(tmp_path / "whole")
    run(tmp_path / "cut", cut=cut)
    assert run(tmp_path / "cut", resume=True) == whole


def test_saves_after_epochs_alone_replay_the_cut_epoch(tmp_path):
    whole = run(tmp_path / "whole")
    run(tmp_path / "cut", cut=7, minutes=0)
    assert run(tmp_path / "cut", resume=True) == whole


def test_a_finished_run_can_be_made_longer(tmp_path):
    run(tmp_path, epochs=2)
    assert run(tmp_path, epochs=3, resume=True) == run(tmp_path / "whole", epochs=3)


def test_a_finished_run_resumed_stays_as_it_is(tmp_path):
    assert run(tmp_path) == run(tmp_path, resume=True)


def test_other_settings_are_named(tmp_path):
    run(tmp_path)
    with pytest.raises(ValueError, match="seed: 0 then, 5 now"):
        run(tmp_path, resume=True, seed=5)


def test_a_broken_file_is_named(tmp_path):
    run(tmp_path)
    (tmp_path / "checkpoint.pt").write_bytes((tmp_path / "checkpoint.pt").read_bytes()[:1000])
    with pytest.raises(ValueError, match=r"checkpoint\.pt is no readable state"):
        run(tmp_path, resume=True)


def test_without_resume_an_earlier_state_is_replaced_aloud(tmp_path, caplog):
    first = run(tmp_path)
    assert run(tmp_path)[0] == first[0]
    assert "will be replaced" in caplog.text


def test_a_full_disk_is_noticed_before_the_first_iteration(tmp_path, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("Usage", (), {"free": 10}))
    with pytest.raises(OSError, match="free some space"):
        run(tmp_path)
    assert not (tmp_path / "history.csv").exists()


def test_a_run_stopped_at_the_very_end_of_an_epoch_keeps_what_belongs_to_the_epoch(tmp_path):
    whole = run(tmp_path / "whole")
    run(tmp_path / "cut", cut_at=(Events.ITERATION_COMPLETED, 4))
    assert run(tmp_path / "cut", resume=True) == whole


def test_words_that_are_not_free_may_not_change(tmp_path):
    run(tmp_path, epochs=2, free=())
    with pytest.raises(ValueError, match="epochs: 2 then, 3 now"):
        run(tmp_path, epochs=3, resume=True, free=())
