"""Share of the best constant's error."""

import pytest
import torch
from ignite.engine import Engine

from medssl.metrics import UnexplainedVariance

TARGETS = [torch.tensor([0.0, 1.0]), torch.tensor([2.0, 5.0])]  # mean 2, squared deviations 4 + 1 + 0 + 9 = 14


def share(predictions):
    engine = Engine(lambda engine, i: (predictions[i], TARGETS[i]))
    UnexplainedVariance(output_transform=lambda output: output).attach(engine, "share")
    return engine.run([0, 1], max_epochs=2).metrics["share"]


@pytest.mark.parametrize(
    ("predictions", "expected"),
    [
        pytest.param(TARGETS, 0, id="perfect"),
        pytest.param([torch.full((2,), 2.0)] * 2, 1, id="best-constant"),
        pytest.param([TARGETS[0], TARGETS[1] + 1], 2 / 14, id="by-hand"),
    ],
)
def test_share_of_the_best_constants_error(predictions, expected):
    assert share(predictions) == pytest.approx(expected)
