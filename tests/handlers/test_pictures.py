"""Pictures."""

import torch
from ignite.engine import Engine

from medssl.handlers import ImageStrips


def test_the_first_images_of_a_validation_are_drawn_and_handed_on(tmp_path):
    def step(engine, batch):
        images = torch.full((2, 1, 8, 8, 4), batch / 10)
        return {"image": images, "pred": {"volume": images}, "label": {"volume": images}}

    strips = ImageStrips(tmp_path / "strips.png", count=3, log_dir=tmp_path / "board")
    engine = Engine(step)
    strips.attach(engine)
    engine.run([1, 2, 3])
    assert [round(float(image.mean()), 1) for image in strips.rows["input"]] == [0.1, 0.1, 0.2]
    assert (tmp_path / "strips.png").read_bytes()[:4] == b"\x89PNG"
    assert list((tmp_path / "board").glob("events*"))


def test_a_run_without_the_task_draws_nothing(tmp_path):
    engine = Engine(lambda e, b: {"image": torch.zeros(1, 1, 4, 4), "pred": {}, "label": {}})
    ImageStrips(tmp_path / "strips.png").attach(engine)
    engine.run([0])
    assert not (tmp_path / "strips.png").exists()
