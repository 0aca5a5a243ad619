"""An annotator's morning: first mask, correction, training, better mask."""

import logging

import numpy as np
import pytest
from PIL import Image

from medssl.figures import draw_outlines
from tests.label.annotating import CPU, dice, infer, name_of, pixels, put_label
from tests.label.our_app import NAME, films, our_server

pytestmark = pytest.mark.label
logger = logging.getLogger(__name__)
CORRECTED, EPOCHS, SHOWN = 4, 40, 2


@pytest.fixture
def negatives(tmp_path):
    """Radiographs with bones dark and lungs bright, as some archives have them; by their names."""
    cases = films(tmp_path / "films")
    for case in cases:
        negative = Image.fromarray(255 - np.asarray(Image.open(case["image"])))
        case["image"] = tmp_path / case["image"].name
        negative.save(case["image"])
    return {name_of(case["image"]): case for case in cases}


def masks(server, names, *, place):
    """Ask for the mask of each image."""
    found = []
    for name in names:
        answer = infer(server, NAME, name)
        assert answer.status == 200, server.said()
        (place / "mask.png").write_bytes(answer.body)
        found.append(pixels(place / "mask.png", flat=True)[0])
    return found


def test_corrections_and_training_give_better_masks(negatives, archives, label_python, tmp_path):
    (tmp_path / "served").mkdir()
    images = [case["image"] for case in negatives.values()]
    with our_server(label_python, archives[NAME], images, place=tmp_path / "served") as server:
        chosen = []
        for _ in range(CORRECTED):
            chosen.append(server.ask("POST", "/activelearning/farthest", body={}).json["id"])
            assert put_label(server, negatives[chosen[-1]]).status == 200
        others = [name for name in negatives if name not in chosen]
        first = masks(server, others, place=tmp_path)
        words = {**CPU, "max_epochs": EPOCHS, "val_split": 0.25}
        answer = server.ask("POST", f"/train/{NAME}", body=words, run_sync="true", enqueue="false")
        assert answer.status == 200, server.said()
        second = masks(server, others, place=tmp_path)
    truths = [pixels(negatives[name]["label"], flat=True)[0] for name in others]
    before, after = (float(np.mean([*map(dice, found, truths)])) for found in (first, second))
    said = "%d negatives corrected, %d epochs: Dice of the masks of %d others %.3f before, %.3f after."
    logger.warning(said, CORRECTED, EPOCHS, len(others), before, after)
    shown = [pixels(negatives[name]["image"], flat=True)[0] for name in others[:SHOWN]]
    drawn = [mask.round().astype(int) for mask in (*first[:SHOWN], *second[:SHOWN])]
    file = draw_outlines(
        shown * 2, truths[:SHOWN] * 2, predictions=drawn, path=tmp_path / "monai_label.png", names=["lungs"]
    )
    assert file.is_file()
    assert before < 0.6
    assert after > 0.8
