"""Ends of a run."""

import os
import signal

import pytest
from ignite.engine import Engine, Events

from medssl.handlers import EarlyStop, GracefulStop, ProgressBar, ValidateAtEnd


@pytest.fixture
def engine():
    return Engine(lambda engine, batch: engine.state.iteration)


def test_sigterm_finishes_the_iteration_and_ends_in_order(engine):
    before = signal.getsignal(signal.SIGTERM)
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
    assert signal.getsignal(signal.SIGTERM) == before


def test_sigterm_does_what_it_did_before_after_an_error_too():
    def fail(engine, batch):
        assert signal.getsignal(signal.SIGTERM) == stop.on_signal
        raise ZeroDivisionError

    engine, bar, stop, before = Engine(fail), ProgressBar(), GracefulStop(), signal.getsignal(signal.SIGTERM)
    bar.attach(engine)
    stop.attach(engine)
    with pytest.raises(ZeroDivisionError):
        engine.run([0])
    assert signal.getsignal(signal.SIGTERM) == before
    assert bar.bar.disable  # closed


def test_an_error_before_the_start_changes_nothing(engine):
    engine.add_event_handler(Events.STARTED, lambda e: 1 / 0)
    GracefulStop().attach(engine)
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    with pytest.raises(ZeroDivisionError):
        engine.run([0])
    assert signal.signal(signal.SIGTERM, before) == signal.SIG_IGN


def test_the_last_iteration_of_an_epoch_takes_its_epoch_with_it(engine):
    order = []
    engine.add_event_handler(Events.EPOCH_COMPLETED, lambda e: order.append("epoch"))
    GracefulStop(max_minutes=1e-9).attach(engine)
    engine.add_event_handler(Events.TERMINATE, lambda e: order.append("terminate"))
    engine.run([0], max_epochs=5)
    assert order == ["epoch", "terminate"]
    assert engine.state.epoch == 1


@pytest.fixture
def validator():
    made = Engine(lambda e, b: None)
    made.state.best_metric_epoch, made.calls = -1, []

    def run(global_epoch):
        made.calls.append(global_epoch)

    made.run = run
    return made


def test_a_run_cut_by_time_is_validated_if_it_never_was(engine, validator):
    GracefulStop(max_minutes=1e-9).attach(engine)
    ValidateAtEnd(validator).attach(engine)
    engine.run(range(10), max_epochs=5)
    assert engine.state.iteration == 1
    assert validator.calls == [1]


def test_a_run_cut_after_a_validation_is_left_alone(engine, validator):
    validator.state.best_metric_epoch = 0
    GracefulStop(max_minutes=1e-9).attach(engine)
    ValidateAtEnd(validator).attach(engine)
    engine.run(range(10), max_epochs=5)
    assert validator.calls == []


@pytest.mark.parametrize(("last", "calls"), [(3, []), (2, [3])])
def test_a_whole_run_ends_validated(engine, validator, last, calls):
    validator.state.best_metric_epoch, validator.state.epoch = 1, last
    ValidateAtEnd(validator).attach(engine)
    engine.run(range(2), max_epochs=3)
    assert validator.calls == calls


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
