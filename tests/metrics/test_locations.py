"""Errors of slice locations."""

import math

import pytest
import torch
from ignite.engine import Engine

from medssl.metrics import LocationError

BATCHES = [
    {"answer": [0.2, 0.9, 3.0], "location": [0.5, 1.0, math.nan], "stack_mm": [80, 100, 60]},
    {"answer": [0.0], "location": [0.6], "stack_mm": [math.nan]},
]


def error(batches, **words):
    engine = Engine(lambda engine, number: {key: torch.tensor(each)[:, None] for key, each in batches[number].items()})
    LocationError(**words, output_transform=dict).attach(engine, "error")
    return engine.run(range(len(batches)), max_epochs=2).metrics["error"]


def test_share_by_hand():
    assert error(BATCHES) == pytest.approx((0.3 + 0.1 + 0.6) / 3)


def test_mm_by_hand():
    assert error(BATCHES, mm=True) == pytest.approx((24 + 10) / 2)


def test_nothing_known_is_no_number():
    assert math.isnan(error([{"answer": [0.1], "location": [math.nan], "stack_mm": [50]}]))
