"""Pictures."""

import torch
from ignite.engine import Engine

from medssl.handlers import ImageStrips, MaskOverlay, PlaneOverlay


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


def strips_of_views(tmp_path, pred, label=None):
    planes = torch.arange(3.0)[:, None, None, None].expand(3, 1, 6, 4)
    image = torch.stack([planes, planes + 10], dim=1)
    output = {"image": image, "pred": pred, "label": {"volume": planes + 20} if label is None else label}
    strips, engine = ImageStrips(tmp_path / "strips.png", views=2, count=2), Engine(lambda e, b: output)
    strips.attach(engine)
    engine.run([0, 1])
    return {name: [float(image.mean()) for image in images] for name, images in strips.rows.items()}


def test_views_restored_and_original_stand_side_by_side(tmp_path):
    columns = strips_of_views(tmp_path, {"volume": torch.full((3, 1, 6, 4), 5.0)})
    assert columns == {"view 1": [0, 1], "view 2": [10, 11], "restored": [5, 5], "original": [20, 21]}
    assert (tmp_path / "strips.png").exists()


def test_views_that_are_all_restored_have_a_row_each(tmp_path):
    whole = torch.arange(6.0).reshape(3, 2, 1, 1, 1).expand(3, 2, 1, 6, 4)
    columns = strips_of_views(tmp_path, {"volume": whole}, {"volume": whole + 20})
    assert columns == {"input": [0, 10], "restored": [0, 1], "original": [20, 21]}


def test_views_are_drawn_where_nothing_is_restored(tmp_path):
    assert strips_of_views(tmp_path, {}) == {"view 1": [0, 1], "view 2": [10, 11]}
    assert (tmp_path / "strips.png").exists()


def test_the_first_pictures_are_drawn_with_both_masks(tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr("medssl.handlers.pictures.draw_outlines", lambda *args, **words: drawn.append((args, words)))

    def step(engine, batch):
        mask = torch.nn.functional.one_hot(torch.full((4, 2), batch), 3).movedim(-1, 0)
        return [{"image": torch.full((1, 4, 2), 0.5), "label": mask, "pred": mask.flip(0)}] * 2

    engine = Engine(step)
    PlaneOverlay(tmp_path / "a.png", ["lung", "heart"], count=3).attach(engine)
    engine.run([2, 1], max_epochs=2)
    assert len(drawn) == 2
    (images, truths), words = drawn[0]
    assert [image.shape for image in images] == [(4, 2)] * 3
    assert [int(truth.max()) for truth in truths] == [2, 2, 1]
    assert [int(guess.max()) for guess in words["predictions"]] == [0, 0, 1]
    assert words["names"] == ("lung", "heart")


def test_of_stacks_slices_are_drawn_from_end_to_end(tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr("medssl.handlers.pictures.draw_outlines", lambda *arrays, **words: drawn.append(arrays))
    stack = torch.arange(10.0).expand(1, 4, 2, 10)
    masks = torch.zeros(3, 4, 2, 10)
    engine = Engine(lambda engine, batch: [{"image": stack, "label": masks, "pred": masks}])
    PlaneOverlay(tmp_path / "a.png", ["lung", "heart"], count=6).attach(engine)
    engine.run([1, 1])
    assert [float(image.mean()) for image in drawn[0][0]] == [0, 3, 6, 9, 0, 3]
