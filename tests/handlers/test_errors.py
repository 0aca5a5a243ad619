"""A run that ends in an error."""

import pytest
from ignite.engine import Engine

from medssl.handlers.errors import at_error


def failing():
    def fail(engine, batch):
        raise ZeroDivisionError

    return Engine(fail)


def test_all_that_is_left_to_do_is_done_and_the_error_goes_on():
    engine, other, done = failing(), failing(), []
    for name in ("first", "second"):
        at_error(engine, lambda e, name=name: done.append((name, e)))
    at_error(other, lambda e: done.append("another run"))
    with pytest.raises(ZeroDivisionError):
        engine.run([0])
    assert dict.fromkeys(done) == {("first", engine): None, ("second", engine): None}


def test_a_run_without_error_does_nothing_of_it():
    engine, done = Engine(lambda engine, batch: None), []
    at_error(engine, done.append)
    engine.run([0])
    assert done == []
