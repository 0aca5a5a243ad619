"""Heat over a picture."""

import numpy as np
import pytest

from medssl.figures import draw_heat_map

IMAGE = np.zeros((8, 8))
NOTHING = np.full(4, np.nan)


def drawn(monkeypatch, boxes):
    kept = []
    monkeypatch.setattr("medssl.figures.heat_maps.write_figure", lambda figure, path: kept.append(figure))
    heat = np.zeros((8, 8))
    heat[7, 0] = 1  # right, up
    draw_heat_map(IMAGE, heat, size=(100, 50), boxes=boxes, path="folder/case_edema.png")
    return kept[0]


def test_boxes_and_heat_lie_in_the_pictures_own_pixels(monkeypatch):
    figure = drawn(monkeypatch, [np.array([10, 5, 20, 30]), NOTHING, np.array([1, 2, 3, 4])])
    left, right = figure.axes
    assert [patch.get_bbox().bounds for patch in left.patches] == [(10, 5, 20, 30), (1, 2, 3, 4)]
    assert [patch.get_label() for patch in right.patches] == ["found box", "true box"]
    heat = right.images[1]
    assert tuple(heat.get_extent()) == (0, 100, 50, 0)
    assert heat.get_array()[0, 7] == 1
    assert figure.get_suptitle() == "case_edema"


def test_a_cold_map_without_boxes_is_drawn(tmp_path):
    path = draw_heat_map(IMAGE, IMAGE, size=(8, 8), boxes=[NOTHING], path=tmp_path / "h.png")
    assert path.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("shape", [(8, 7), (8, 8, 8)], ids=["other", "volume"])
def test_a_flat_image_and_its_map_are_needed(tmp_path, shape):
    with pytest.raises(ValueError, match="flat image and a map of its shape"):
        draw_heat_map(np.zeros(shape), IMAGE, size=(8, 8), boxes=[], path=tmp_path / "h.png")
