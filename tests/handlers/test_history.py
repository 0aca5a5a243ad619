"""One row an epoch."""

import torch
from ignite.engine import Engine

from medssl.handlers import History
from medssl.handlers.history import read_history, scalars


def test_means_of_terms_with_validation_and_rate_beside(tmp_path):
    evaluator = Engine(lambda e, b: None)
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.5)
    engine = Engine(lambda e, b: float(b))

    @engine.on("EPOCH_COMPLETED")
    def validate(engine):
        evaluator.state.epoch, evaluator.state.metrics = engine.state.epoch, {"val_loss": 7.0}

    History(tmp_path, lambda output: {"loss": output}, evaluator=evaluator, optimizer=optimizer).attach(engine)
    engine.run([1, 2, 6], max_epochs=2)
    rows = read_history(tmp_path / "history.csv")
    assert [row["epoch"] for row in rows] == [1, 2]
    assert [row["loss"] for row in rows] == [3, 3]
    assert [row["val_loss"] for row in rows] == [7, 7]
    assert [row["learning_rate"] for row in rows] == [0.5, 0.5]
    assert (tmp_path / "progress.png").read_bytes()[:4] == b"\x89PNG"


def test_single_numbers_are_kept_and_named_alike():
    metrics = {"dice": torch.tensor([0.5, 1.0]), "val_loss": 2, "auc": torch.tensor(0.5), "gone": float("nan")}
    assert scalars(metrics) == {"val_loss": 2.0, "val_auc": 0.5}
