import numpy as np
import pytest
from matplotlib.image import imread

from medssl.figures.style import COLOURS, axes_grid, central_plane, grey_range, legend_columns, write_figure


def test_central_plane_has_the_front_up():
    array = np.zeros((3, 4, 5))
    array[2, 0, 2] = 1  # left front of the middle slice
    assert np.argwhere(central_plane(array)).tolist() == [[0, 2]]
    assert central_plane(array[:, :, 2]).shape == (4, 3)


def test_other_numbers_of_axes_are_refused():
    with pytest.raises(ValueError, match=r"2 or 3 axes, got shape \(1, 3, 4, 5\)"):
        central_plane(np.zeros((1, 3, 4, 5)))


def test_greys_span_all_values_or_the_window():
    arrays = [np.array([0.0, 2.0]), np.array([-1.0])]
    assert grey_range(arrays, None) == {"vmin": -1, "vmax": 2}
    assert grey_range(arrays, (0, 1)) == {"vmin": 0, "vmax": 1}
    flat = grey_range([np.ones(2)], None)
    assert flat["vmax"] > flat["vmin"]


def test_picture_has_the_asked_size_and_leaves_no_draft(tmp_path):
    figure, axes = axes_grid(2, 3, size=(1.0, 2.0))
    path = write_figure(figure, tmp_path / "new" / "a.png")
    assert axes.shape == (2, 3)
    assert imread(path).shape[:2] == (520, 390)
    assert list(path.parent.iterdir()) == [path]


def test_colours_differ():
    assert len(set(COLOURS)) == len(COLOURS)


@pytest.mark.parametrize(
    ("names", "expected"), [(["a", "b"], 2), (["a" * 40] * 3, 1), (["a" * 16] * 3, 3), (["a" * 200], 1)]
)
def test_columns_of_a_legend_fit(names, expected):
    assert legend_columns(names, width=6) == expected
