"""Lines stand where the planes cut each other."""

import numpy as np
import pytest
from matplotlib.colors import to_hex

from medssl.figures import draw_study
from medssl.figures.study_lines import LINES
from medssl.geometry import pixels_of
from tests.data.plane_studies import heart, plane_affine, plane_image


@pytest.fixture
def drawn(monkeypatch):
    """Axes of the pictures by their title, instead of files."""
    kept = []
    monkeypatch.setattr("medssl.figures.study_lines.write_figure", lambda figure, path: kept.append(figure))

    def draw(*args, **words):
        draw_study(*args, path="unused.png", **words)
        return kept[-1], {cell.get_title(): cell for cell in kept[-1].axes if cell.get_title()}

    return draw


def test_every_plane_has_the_others_lines_in_their_colours(drawn):
    images = heart()
    _, cells = drawn(images)
    assert list(cells) == ["SAX 1", "SAX 3", "SAX 5", "2CH", "4CH"]
    assert [to_hex(line.get_color()) for line in cells["SAX 3"].lines] == [LINES[1], LINES[2]]
    assert [to_hex(line.get_color()) for line in cells["2CH"].lines] == [LINES[0]] * 5 + [LINES[2]]
    assert [line.get_linewidth() > 1 for line in cells["2CH"].lines] == [True, False, True, False, True, True]
    assert [text.get_text() for text in cells["2CH"].texts] == ["SAX 1", "SAX 3", "SAX 5", "4CH"]


def test_a_line_runs_where_the_other_plane_lies(drawn):
    """2CH looks along y at y = 4, so it cuts every slice in the row that shows y = 4."""
    images = heart()
    _, cells = drawn(images)
    row = float(pixels_of(images[0].affine, [[0.0, 4, -24]])[0, 1])
    (ends, _) = (line.get_xydata() for line in cells["SAX 1"].lines)
    assert ends[:, 1].tolist() == pytest.approx([row, row])
    assert sorted(ends[:, 0]) == pytest.approx([1.5, 55])  # 2CH begins 1.5 columns further to the right
    heights = [float(pixels_of(images[5].affine, [[0.0, 4, z]])[0, 1]) for z in (-24, 0, 24)]
    thick = [line for line in cells["2CH"].lines if line.get_linewidth() > 1][:3]
    assert [line.get_ydata()[0] for line in thick] == pytest.approx(heights)


def test_pixels_have_their_proportions_and_the_first_index_runs_to_the_right(drawn):
    _, cells = drawn(heart())
    assert cells["4CH"].get_aspect() == pytest.approx(1.25)  # pixels of 2.0 by 2.5 mm
    assert cells["4CH"].images[0].get_array().shape == (48, 56)
    bottom, top = cells["4CH"].get_ylim()
    assert bottom > top


def test_planes_apart_have_no_line(drawn):
    size = (20, 20)
    far = plane_image("far", "far", plane_affine((1, 0, 0), (0, 0, 1), centre=(0, 900, 0), size=size), size)
    _, cells = drawn([heart()[0], far])
    assert [len(cell.lines) for cell in cells.values()] == [0, 0]


def test_notes_make_the_title_red(drawn):
    figure, _ = drawn(heart(), title="study 1", notes=["planes do not meet"])
    assert figure.get_suptitle() == "study 1\nplanes do not meet"
    assert figure._suptitle.get_color() == "firebrick"


@pytest.mark.parametrize(("count", "columns"), [(1, 1), (3, 3), (5, 3), (7, 4), (8, 4), (9, 3)])
def test_few_cells_stay_empty(drawn, count, columns):
    size = (8, 8)
    planes = [
        plane_image(f"{n}", f"{n}", plane_affine((1, 0, 0), (0, 1, 0), centre=(0, 0, n), size=size), size)
        for n in range(count)
    ]
    figure, _ = drawn(planes)
    assert figure.axes[0].get_subplotspec().get_gridspec().ncols == columns


def test_file_is_written_and_no_plane_is_an_error(tmp_path):
    path = draw_study(heart(), path=tmp_path / "a" / "s.png", title="study")
    assert path.read_bytes().startswith(b"\x89PNG")
    with pytest.raises(ValueError, match="at least one plane, got none"):
        draw_study([], path=path)


def test_a_uniform_image_is_drawn(drawn):
    plane = heart()[0]
    _, cells = drawn([type(plane)("flat", "flat", plane.affine, np.zeros((6, 6)))])
    assert list(cells) == ["flat"]
