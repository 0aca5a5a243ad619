"""Errors beside those of a baseline."""

import pytest
import torch
from ignite.engine import Engine

from medssl.handlers import ComparedMetrics

ROWS = {"lines, degrees": ["deg", "deg_constant"], "location": ["place", "place_constant"]}


def logged(caplog, metrics, *, evaluated=True):
    caplog.set_level("INFO", "medssl")
    trainer, evaluator = (Engine(lambda engine, batch: None) for _ in range(2))
    (evaluator if evaluated else trainer).state.metrics = metrics
    ComparedMetrics(ROWS, evaluator=evaluator if evaluated else None).attach(trainer)
    trainer.run([0], max_epochs=3)
    return [(record.levelname, record.getMessage()) for record in caplog.records]


@pytest.mark.parametrize("evaluated", [True, False], ids=["evaluator", "itself"])
def test_table_once_at_the_end(caplog, evaluated):
    metrics = {"deg": 6.21, "deg_constant": 11.8, "place": torch.tensor(0.0571), "place_constant": 0.278}
    (record,) = logged(caplog, metrics, evaluated=evaluated)
    assert record == (
        "INFO",
        "error            network  constant\nlines, degrees      6.21      11.8\nlocation          0.0571     0.278",
    )


def test_a_network_that_is_not_better_is_named(caplog):
    records = logged(caplog, {"deg": 12.0, "deg_constant": 11.8, "place": 0.1, "place_constant": 0.1})
    assert [level for level, _ in records] == ["INFO", "WARNING", "WARNING"]
    assert records[1][1] == "lines, degrees: the network's 12 is not below the constant's 11.8."


@pytest.mark.parametrize("place", [float("nan"), [0.1, 0.2]], ids=["no-number", "several"])
def test_rows_that_were_not_measured_are_left_out(caplog, place):
    ((_, text),) = logged(caplog, {"deg": 6.21, "deg_constant": 11.8, "place": place, "place_constant": 0.3})
    assert len(text.splitlines()) == 2


def test_nothing_measured_is_nothing_logged(caplog):
    assert logged(caplog, {"deg": 6.21}) == []
