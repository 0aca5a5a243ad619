"""Scores side by side."""

import math

import pytest
from matplotlib.collections import PathCollection

from medssl.figures import draw_score_bars
from medssl.figures.score_bars import axis_bottom, stars


@pytest.fixture
def axes_of(monkeypatch):
    """Axes and legend of the figure, instead of a file."""
    kept = []
    monkeypatch.setattr("medssl.figures.score_bars.write_figure", lambda figure, path: kept.append(figure))

    def draw(scores, **words):
        draw_score_bars(scores, "unused.png", **{"p_values": {}, **words})
        return kept[-1].axes[0], [text.get_text() for text in kept[-1].legends[0].get_texts()]

    return draw


def test_bars_dots_and_stars_by_hand(axes_of):
    scores = {"10 images": {"scratch": [0.2, 0.4], "ours": [0.5, 0.7]}, "20 images": {"ours": [0.8]}}
    p_values = {"10 images": {"ours": 0.03}, "20 images": {"ours": math.nan}}
    cell, names = axes_of(scores, p_values=p_values, ylabel="Dice")
    assert [bar.get_x() + bar.get_width() / 2 for bar in cell.patches] == pytest.approx([0, 1, 4])
    assert [bar.get_height() for bar in cell.patches] == pytest.approx([0.3, 0.6, 0.8])
    dots = [part for part in cell.collections if isinstance(part, PathCollection)]
    heights = [height for part in dots for _, height in part.get_offsets()]
    assert heights == pytest.approx([0.2, 0.4, 0.5, 0.7, 0.8])
    assert [text.get_text() for text in cell.texts] == ["", "*", ""]
    assert cell.texts[1].xy == pytest.approx((1, 0.6 + math.sqrt(0.02)))
    assert [text.get_text() for text in cell.get_xticklabels()] == ["10 images", "20 images"]
    assert names == ["scratch", "ours"]
    assert "n.s." in cell.get_xlabel()
    assert cell.get_ylim()[0] == 0


def test_an_axis_that_does_not_begin_at_0_says_so(axes_of):
    cell, _ = axes_of({"all": {"scratch": [0.95], "ours": [0.97]}}, ylabel="AUC")
    assert cell.get_ylabel() == "AUC\n(axis begins at 0.945)"
    assert "n.s." not in cell.get_xlabel()


@pytest.mark.parametrize(
    ("values", "expected"),
    [([0.1, 0.5], 0), ([0.5], 0), ([0, 1], 0), ([-0.5, 1], -0.5), ([0.8, 0.9], 0.75), ([20, 25], 19)],
    ids=["apart", "one", "ends", "below-zero", "near", "large"],
)
def test_where_the_axis_begins(values, expected):
    assert axis_bottom(values) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("p", "expected"), [(0.0009, "***"), (0.001, "**"), (0.0499, "*"), (0.05, "n.s."), (1, "n.s."), (math.nan, "")]
)
def test_stars(p, expected):
    assert stars(p) == expected


def test_file_is_written_and_no_score_is_refused(tmp_path):
    groups = {f"{count} images": {f"a name of many words {n}": [0.01, 0.02] for n in range(6)} for count in range(5)}
    assert draw_score_bars(groups, tmp_path / "b.png", p_values={}).read_bytes().startswith(b"\x89PNG")
    with pytest.raises(ValueError, match=r"none in the groups \['all'\]"):
        draw_score_bars({"all": {"ours": []}}, tmp_path / "b.png", p_values={})
