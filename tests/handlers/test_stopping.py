"""Ends of a run."""

import os
import signal

import pytest
from ignite.engine import Engine, Events

from medssl.handlers import EarlyStop, GracefulStop


@pytest.fixture
def engine():
    return Engine(lambda engine, batch: engine.state.iteration)


def test_sigterm_finishes_the_iteration_and_ends_in_order(engine):
    GracefulStop().attach(engine)
    done, terminated = [], []
    engine.add_event_handler(Events.ITERATION_STARTED(once=3), lambda e: os.kill(os.getpid(), signal.SIGTERM))
    engine.add_event_handler(Events.ITERATION_COMPLETED, lambda e: done.append(e.state.iteration))
    engine.add_event_handler(Events.TERMINATE, lambda e: terminated.append(e.state.iteration))
    with pytest.raises(SystemExit) as end:
        engine.run(range(10), max_epochs=1)
    assert end.value.code == 0
    assert done == [1, 2, 3]
    assert terminated == [3]
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


def test_time_is_up_validates_once_if_nothing_ever_did(engine):
    validator = Engine(lambda e, b: None)
    validator.state.best_metric_epoch = -1
    calls = []
    validator.run = lambda **words: calls.append(words)
    GracefulStop(max_minutes=1e-9, validator=validator).attach(engine)
    engine.run(range(10), max_epochs=5)
    assert engine.state.iteration == 1
    assert calls == [{"global_epoch": 1}]


def test_no_limit_runs_to_the_end(engine):
    GracefulStop().attach(engine)
    engine.run(range(4), max_epochs=2)
    assert engine.state.iteration == 8


@pytest.mark.parametrize(("patience", "epochs"), [(2, 5), (0, 9)])
def test_early_stop_counts_from_the_best_epoch(engine, patience, epochs):
    validator = Engine(lambda e, b: None)
    validator.state.best_metric_epoch = 3
    EarlyStop(validator, patience).attach(engine)
    engine.run(range(1), max_epochs=9)
    assert engine.state.epoch == epochs


def test_without_any_validation_nothing_stops_early(engine):
    validator = Engine(lambda e, b: None)
    validator.state.best_metric_epoch = -1
    EarlyStop(validator, 1).attach(engine)
    engine.run(range(1), max_epochs=4)
    assert engine.state.epoch == 4
