"""Pictures."""

import torch
from ignite.engine import Engine

from medssl.handlers import ImageStrips, MaskOverlay


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


def test_the_first_volume_is_drawn_with_both_masks_in_hounsfield_units(tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr("medssl.handlers.pictures.draw_overlay", lambda *args, **words: drawn.append((args, words)))

    def step(engine, batch):
        mask = torch.nn.functional.one_hot(torch.full((2, 2, 2), batch), 3).movedim(-1, 0)
        return [{"image": torch.full((1, 2, 2, 2), 0.5), "label": mask, "pred": mask.flip(0)}]

    engine = Engine(step)
    MaskOverlay(tmp_path / "a.png", ["liver", "heart"], window_hu=(-1000, 3000)).attach(engine)
    engine.run([2, 1], max_epochs=2)
    assert len(drawn) == 2
    (image, masks), words = drawn[0]
    assert set(image.ravel()) == {1000}
    assert (int(masks["true"].max()), int(masks["predicted"].max())) == (2, 0)
    assert words["names"] == ("liver", "heart")
