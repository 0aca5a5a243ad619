"""True and found lines side by side."""

import numpy as np
import pytest

from medssl.figures import PlaneExample, draw_plane_strips
from medssl.figures.plane_strips import coloured

SIZE = (20, 12)
IMAGE = np.random.RandomState(0).rand(*SIZE)
AXES = np.diag([1.0, 2.0])
MAPS = np.zeros((2, 2, *SIZE))
MAPS[0, 0, 4], MAPS[1, 0, 6] = 1, 1
MAPS[0, 1] = np.nan
FORMS = np.array([[[1.0, 0, -4], [np.nan] * 3], [[1.0, 0, -6], [np.nan] * 3]])  # columns 4 and 6; the other unknown
BOTH = PlaneExample(IMAGE, AXES, MAPS, FORMS, "place 0.20, found 0.30")


@pytest.fixture
def drawn(monkeypatch):
    kept = []
    monkeypatch.setattr("medssl.figures.plane_strips.write_figure", lambda figure, path: kept.append(figure))
    return kept


def test_the_true_line_is_solid_and_the_found_one_dashed(drawn):
    draw_plane_strips([BOTH, BOTH], path="unused.png", channels=["2CH", "4CH"])
    axes = np.array(drawn[0].axes).reshape(2, 3)
    true, found = axes[0, 0].lines
    assert (true.get_xdata() == 4).all()
    assert (found.get_xdata() == 6).all()
    assert (true.get_linestyle(), true.get_color()) == ("-", found.get_color())
    assert found.is_dashed()
    assert axes[1, 0].get_ylabel() == "place 0.20, found 0.30"
    assert [text.get_text() for text in drawn[0].legends[0].get_texts()] == ["2CH", "4CH"]
    assert {cell.get_aspect() for cell in axes.flat} == {2.0}


def test_maps_stand_in_their_columns(drawn):
    draw_plane_strips([BOTH], path="unused.png")
    for cell, column in zip(drawn[0].axes[1:], (4, 6), strict=True):
        opacity = cell.images[1].get_array()[..., 3]
        assert opacity.shape == SIZE[::-1]
        assert np.unique(np.argwhere(opacity > 0.5)[:, 1]).tolist() == [column]


def test_without_lines_there_are_images_and_captions_alone(drawn):
    draw_plane_strips([PlaneExample(IMAGE, AXES, None, np.zeros((2, 0, 3)), "found 0.30")], path="unused.png")
    (cell,) = drawn[0].axes
    assert cell.get_ylabel() == "found 0.30"
    assert not drawn[0].legends


def test_overlapping_maps_mix_and_unknown_ones_are_clear():
    first, second, both, faint = coloured(np.array([[1, 0, 1, 0.5], [0, 1, 1, np.nan]])[..., None])[:, 0]
    assert both.tolist() == pytest.approx(((first + second) / 2).tolist())
    assert first[:3].tolist() != second[:3].tolist()
    assert faint.tolist() == pytest.approx([*first[:3], 0.5])


def test_file_is_written_and_no_example_is_an_error(tmp_path):
    path = draw_plane_strips([BOTH], path=tmp_path / "p.png")
    assert path.read_bytes().startswith(b"\x89PNG")
    with pytest.raises(ValueError, match="at least one example, got none"):
        draw_plane_strips([], path=path)
