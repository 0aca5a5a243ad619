"""Pictures of predicted lines and places."""

import pytest
import torch
from ignite.engine import Engine

from medssl.geometry import line_map
from medssl.handlers import PlaneStrips

SIZE = (24, 18)
AXES = torch.diag(torch.tensor([1.0, 2.0]))
FORMS = torch.tensor([[1.0, 0, -10], [torch.nan] * 3])  # column 10; the second guest is unknown


@pytest.fixture
def drawn(monkeypatch):
    kept = []
    monkeypatch.setattr(
        "medssl.handlers.plane_pictures.draw_plane_strips",
        lambda examples, **words: kept.append((list(examples), words)),
    )
    return kept


def output(count=3):
    true = line_map(FORMS, SIZE, sigma_mm=3.0)
    found = line_map(torch.tensor([[1.0, 0, -14], [0.0, 2, -8]]), SIZE, sigma_mm=3.0)
    return {
        "image": torch.arange(count).float()[:, None, None, None].expand(count, 1, *SIZE),
        "pred": {"lines": found.float().expand(count, -1, -1, -1), "location": torch.full((count, 1), 0.25)},
        "label": {
            "lines": true.float().expand(count, -1, -1, -1),
            "line_forms": FORMS.expand(count, -1, -1),
            "pixel_axes": AXES.expand(count, -1, -1),
            "location": torch.tensor([[0.5], [torch.nan], [1.0]])[:count],
        },
    }


def run(batch, tmp_path, **words):
    engine = Engine(lambda *_: batch)
    PlaneStrips(tmp_path / "strips.png", **words).attach(engine)
    engine.run([0, 1], max_epochs=2)


def test_lines_are_read_off_the_predicted_maps(drawn, tmp_path):
    run(output(), tmp_path, channels=["2CH", "4CH"])
    assert len(drawn) == 2
    examples, words = drawn[1]
    assert words["channels"] == ("2CH", "4CH")
    assert [float(example.image[0, 0]) for example in examples] == [0, 1, 2, 0]
    found = examples[0].forms[1]
    assert -found[0, 2] / found[0, 0] == pytest.approx(14, abs=0.05)
    assert not torch.as_tensor(found[1]).isfinite().any(), "a line is shown only where the true one is known"
    assert [example.caption for example in examples[:2]] == ["place 0.50, found 0.25", "found 0.25"]


def test_either_task_may_be_missing(drawn, tmp_path):
    place = output(1)
    place["pred"].pop("lines")
    place["label"] = {"location": place["label"]["location"]}
    run(place, tmp_path)
    lines = output(1)
    lines["pred"].pop("location")
    lines["label"].pop("location")
    run(lines, tmp_path)
    (without_lines, without_place) = drawn[0][0][0], drawn[2][0][0]
    assert without_lines.maps is None
    assert (without_place.maps.shape, without_place.caption) == ((2, 2, *SIZE), "")


def test_picture_is_written_and_handed_on(tmp_path):
    run(output(), tmp_path, count=2, log_dir=tmp_path / "board")
    assert (tmp_path / "strips.png").read_bytes()[:4] == b"\x89PNG"
    assert list((tmp_path / "board").glob("events*"))
