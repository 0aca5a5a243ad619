"""Tables and pictures of heat maps."""

import csv

import numpy as np
import pytest
import torch
from ignite.engine import Engine
from monai.data import MetaTensor

from medssl.handlers import HeatMapOverlay, LocalisationTable

NAMES = ["effusion", "mass"]
NOTHING = [np.nan] * 4


def case(name, boxes):
    """A picture of 40 by 20 pixels, seen by the network as 4 by 4."""
    meta = {"filename_or_obj": f"/data/{name}.png", "spatial_shape": [40, 20]}
    return {"image": MetaTensor(torch.rand(1, 4, 4), meta=meta), "boxes": torch.tensor(boxes)}


def output(place, shown):
    heat = torch.zeros(1, 4, 4)
    heat[0][place] = 1.0
    return {
        "image": torch.rand(1, 4, 4),
        "pred_heat": heat,
        "pred_shown": shown,
        "pred_scores": torch.tensor([0.75, 0.25]),
    }


CORNER = (slice(0, 2), slice(0, 2))  # of the picture: x 0 to 20, y 0 to 10
CASES = [
    (case("exact", [[0.0, 0, 20, 10], NOTHING]), output(CORNER, 0)),
    (case("half", [NOTHING, [0.0, 5, 20, 10]]), output(CORNER, 1)),
    (case("missed", [[20.0, 10, 20, 10], [30.0, 10, 10, 10]]), output(CORNER, 1)),
    (case("unboxed", [NOTHING, NOTHING]), output(CORNER, 0)),
    (case("cold", [[0.0, 0, 20, 10], NOTHING]), output((slice(0), slice(0)), 0)),
]


def evaluate(handler, cases):
    def step(engine, pairs):
        engine.state.batch = [item for item, _ in pairs]
        return [found for _, found in pairs]

    engine = Engine(step)
    handler.attach(engine)
    engine.run([cases[:2], cases[2:]])
    return engine.state.metrics


def test_rows_by_hand_and_accuracies_of_those_with_a_box(tmp_path):
    metrics = evaluate(LocalisationTable(tmp_path / "l.csv", NAMES), CASES)
    with (tmp_path / "l.csv").open(newline="") as file:
        rows = list(csv.reader(file))
    assert rows[:6] == [
        ["case", "class", "probability", "found_box", "true_box", "iou", "hit"],
        ["exact", "effusion", "0.7500", "0.0 0.0 20.0 10.0", "0.0 0.0 20.0 10.0", "1.0000", "1"],
        ["half", "mass", "0.2500", "0.0 0.0 20.0 10.0", "0.0 5.0 20.0 10.0", "0.3333", "0"],
        ["missed", "mass", "0.2500", "0.0 0.0 20.0 10.0", "20.0 10.0 20.0 10.0", "0.0000", "0"],
        ["unboxed", "effusion", "0.7500", "0.0 0.0 20.0 10.0", "", "", ""],
        ["cold", "effusion", "0.7500", "", "0.0 0.0 20.0 10.0", "0.0000", "0"],
    ]
    assert [metrics[f"accuracy_at_0.{n}"] for n in range(1, 8)] == [0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.25]
    assert metrics["pointing_rate"] == 0.25
    assert ["accuracy_at_0.4", "", "", "", "", "0.2500", ""] in rows
    assert rows[-1] == ["pointing_rate", "", "", "", "", "", "0.2500"]


def test_without_any_box_there_are_no_accuracies(tmp_path):
    assert evaluate(LocalisationTable(tmp_path / "l.csv", NAMES), [CASES[3]] * 3) == {}
    assert len((tmp_path / "l.csv").read_text().splitlines()) == 4


def test_the_first_pictures_are_drawn_where_their_images_lie(tmp_path):
    evaluate(HeatMapOverlay(tmp_path, NAMES, count=3, root="/"), CASES)
    assert sorted(path.name for path in (tmp_path / "data").iterdir()) == [
        "exact_effusion.png",
        "half_mass.png",
        "missed_mass.png",
    ]


@pytest.mark.parametrize("handler", [LocalisationTable, HeatMapOverlay])
def test_a_share_lies_between_0_and_1(handler, tmp_path):
    with pytest.raises(ValueError, match=r"in \(0, 1\], got 50"):
        handler(tmp_path, NAMES, share=50)
