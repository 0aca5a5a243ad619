"""The bar."""

import pytest
from ignite.engine import Engine

from medssl.handlers import ProgressBar


def test_it_shows_terms_smoothed_and_the_whole_run(capsys):
    bar = ProgressBar(lambda output: {"loss": output}, smoothing=0.5, description="demo")
    engine = Engine(lambda engine, batch: float(engine.state.iteration))
    bar.attach(engine)
    engine.run(range(2), max_epochs=2)
    assert bar.shown["loss"] == pytest.approx(3.125)  # 1, 1.5, 2.25, 3.125
    assert bar.bar.n == bar.bar.total == 4
    shown = capsys.readouterr().err
    assert "demo: 100%" in shown
    assert "epoch=2/2" in shown


def test_errors_still_come_through():
    def fail(engine, batch):
        raise ZeroDivisionError

    engine = Engine(fail)
    ProgressBar().attach(engine)
    with pytest.raises(ZeroDivisionError):
        engine.run(range(1))
