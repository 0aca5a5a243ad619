"""Masks of flat pictures."""

import numpy as np
import pytest

from medssl.figures import draw_outlines

IMAGE = np.zeros((12, 8))
TRUTH, PREDICTION = np.zeros(IMAGE.shape, int), np.zeros(IMAGE.shape, int)
TRUTH[9:, :3] = 1  # right, up
PREDICTION[8:, :3] = 1


def test_areas_are_true_lines_are_predicted_and_the_first_axis_runs_to_the_right(monkeypatch):
    kept = []
    monkeypatch.setattr("medssl.figures.outlines.write_figure", lambda figure, path: kept.append(figure))
    draw_outlines([IMAGE] * 5, [TRUTH] * 5, predictions=[PREDICTION] * 5, path="unused.png", names=["lung"])
    (figure,) = kept
    cell = figure.axes[0]
    painted = cell.images[1].get_array()[..., 3] > 0
    assert painted.shape == (8, 12)
    assert np.argwhere(painted).min(axis=0).tolist() == [0, 9]
    (line,) = (collection for collection in cell.collections if len(collection.get_paths()))
    outline = np.concatenate([path.vertices for path in line.get_paths()])
    assert outline[:, 0].min() == 7.5
    assert len([axes for axes in figure.axes if axes.images]) == 5


def test_file_is_written(tmp_path):
    path = draw_outlines([IMAGE], [TRUTH], predictions=[TRUTH * 0], path=tmp_path / "o.png", names=["lung"])
    assert path.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("images", "truths"),
    [([], []), ([IMAGE], [TRUTH[1:]]), ([np.zeros((2, 2, 2))], [np.zeros((2, 2, 2))])],
    ids=["none", "other-shape", "volume"],
)
def test_masks_of_flat_images_are_needed(tmp_path, images, truths):
    with pytest.raises(ValueError, match="flat images and two masks"):
        draw_outlines(images, truths, predictions=truths, path=tmp_path / "o.png", names=["lung"])
