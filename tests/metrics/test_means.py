"""Averages over images."""

import torch
from ignite.engine import Engine

from medssl.metrics import ImageMean


def mean(outputs, **words):
    engine = Engine(lambda engine, batch: outputs[batch])
    ImageMean(**words).attach(engine, "mean")
    return engine.run(range(len(outputs)), max_epochs=2).metrics["mean"]


def output(images, loss, volume):
    return {"image": torch.zeros(images, 1), "loss": torch.tensor(loss), "terms": {"volume": torch.tensor(volume)}}


def test_images_weigh_equally():
    assert mean([output(2, 1.0, 0.0), output(1, 4.0, 0.0)]) == 2.0


def test_a_term_by_name():
    assert mean([output(2, 1.0, 9.0), output(6, 1.0, 5.0)], term="volume") == 6.0
