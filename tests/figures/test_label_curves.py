"""Scores over the number of labels."""

import numpy as np
import pytest

from medssl.figures import draw_label_curves
from medssl.figures.label_curves import score_limits


@pytest.fixture
def drawn(monkeypatch):
    """The figure, instead of a file."""
    kept = []
    monkeypatch.setattr("medssl.figures.label_curves.write_figure", lambda figure, path: kept.append(figure))

    def draw(curves, **words):
        draw_label_curves(curves, "unused.png", **words)
        return kept[-1]

    return draw


def test_means_and_bands_by_hand(drawn):
    figure = drawn({"scratch": {10: [0.2, 0.4], 100: [0.5, 0.5]}, "ours": {100: [0.6], 10: [0.4]}}, ylabel="Dice")
    cell = figure.axes[0]
    assert [line.get_xdata().tolist() for line in cell.lines] == [[10, 100], [10, 100]]
    assert [height for line in cell.lines for height in line.get_ydata()] == pytest.approx([0.3, 0.5, 0.4, 0.6])
    heights = cell.collections[0].get_paths()[0].vertices[:, 1]
    assert (heights.min(), heights.max()) == pytest.approx((0.3 - np.sqrt(0.02), 0.5))
    assert cell.get_xscale() == "log"
    assert [text.get_text() for text in cell.get_xticklabels()] == ["10", "100"]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["scratch (n = 2)", "ours (n = 1)"]
    assert (cell.get_ylabel(), cell.get_xlabel()) == ("Dice", "labelled images")


def test_numbers_of_repeats_that_differ_are_a_range(drawn):
    figure = drawn({"scratch": {10: [0.2] * 10, 50: [0.2] * 7, 100: [0.5] * 5}})
    assert figure.legends[0].get_texts()[0].get_text() == "scratch (n = 5-10)"


def test_a_single_count_has_bars_side_by_side(drawn):
    cell = drawn({"scratch": {5: [0.2, 0.4]}, "ours": {5: [0.3]}}).axes[0]
    first, second = (container.lines[0].get_xdata()[0] for container in cell.containers)
    assert first < 5 < second
    assert [text.get_text() for text in cell.get_xticklabels()] == ["5"]


def test_counts_too_near_to_each_other_share_a_label(drawn):
    cell = drawn({"scratch": {100: [0.1], 110: [0.1], 200: [0.2], 12.4: [0.3]}}).axes[0]
    assert [text.get_text() for text in cell.get_xticklabels()] == ["12", "100", "200"]


@pytest.mark.parametrize(
    ("values", "expected"),
    [([0.5, 0.9], (0.452, 0.948)), ([0.0, 1.0], (-0.01, 1.01)), ([3, 3], (2.95, 3.05)), ([-1, 1], (-1.24, 1.24))],
    ids=["inside", "ends", "equal", "below-zero"],
)
def test_axis_ends(values, expected):
    assert score_limits(values) == pytest.approx(expected)


def test_file_is_written_and_nothing_is_refused(tmp_path):
    names = {f"a name of many words, number {number}": {5: [0.99], 10: [1.0]} for number in range(6)}
    assert draw_label_curves(names, tmp_path / "new" / "c.png", title="all").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(ValueError, match="got none of any"):
        draw_label_curves({}, tmp_path / "c.png")
    with pytest.raises(ValueError, match=r"got none of \['ours'\]"):
        draw_label_curves({"ours": {5: []}}, tmp_path / "c.png")
