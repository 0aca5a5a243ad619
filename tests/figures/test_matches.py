import numpy as np
import pytest

from medssl.data import MatchExample
from medssl.figures import draw_matches

RAS, LPS = np.diag([2.0, 2, 2, 1]), np.diag([-1.0, -1, 3, 1])


def volume(voxel, shape):
    """One bright voxel in the dark."""
    image = np.full(shape, -1000)
    image[voxel] = 1000
    return image


def example(**words):
    images = volume((1, 2, 3), (6, 5, 4)), volume((4, 3, 2), (5, 6, 7))
    points = np.array([[2.0, 4, 6], [-4, -3, 6]])
    return MatchExample(images, (RAS, LPS), points, "score 0.9", **words)


@pytest.fixture
def drawn(monkeypatch):
    kept = []
    monkeypatch.setattr("medssl.figures.matches.write_figure", lambda figure, path: kept.append(figure))
    return kept


def test_marks_stand_on_the_tissue_in_both_patients(drawn):
    draw_matches([example()] * 2, path="unused.png")
    assert len(drawn[0].axes) == 8
    for cell in drawn[0].axes:
        (down, across), *_ = np.argwhere(cell.images[0].get_array() > 0)
        (mark,) = cell.lines
        assert mark.get_xydata()[0].tolist() == pytest.approx([across, down])
    assert drawn[0].axes[0].get_ylabel() == "score 0.9"


def test_the_true_place_has_a_ring_in_the_partner_only(drawn):
    draw_matches([example(true_mm=np.array([-3.0, -2, 3]))], path="unused.png")
    axes = drawn[0].axes
    assert [len(cell.lines) for cell in axes] == [1, 1, 2, 2]
    assert axes[2].lines[1].get_xydata()[0].tolist() == pytest.approx([3, 2])
    assert axes[3].lines[1].get_xydata()[0].tolist() == pytest.approx([3, 1])
    assert len(drawn[0].legends[0].get_texts()) == 2


def test_a_point_beyond_the_border_is_drawn_in_the_outermost_slice(drawn):
    match = example()._replace(points_mm=np.array([[2.0, 4, 60], [-4, -3, -90]]))
    draw_matches([match], path="unused.png")
    assert drawn[0].axes[0].images[0].get_array().max() == 1000


def test_each_volume_may_have_its_own_window(drawn):
    dim, bright = np.linspace(0, 1, 120).reshape(6, 5, 4), np.linspace(0, 100, 120).reshape(6, 5, 4)
    draw_matches([example()._replace(images=(dim, bright))], path="unused.png", window="percentiles")
    ranges = [cell.images[0].get_clim() for cell in drawn[0].axes]
    assert ranges[0] == ranges[1] == pytest.approx((0.01, 0.99))
    assert ranges[2] == ranges[3] == pytest.approx((1, 99))
    with pytest.raises(ValueError, match="'percentiles', got 'auto'"):
        draw_matches([example()], path="unused.png", window="auto")


def test_the_file_is_written_and_no_match_is_an_error(tmp_path):
    assert draw_matches([example()], path=tmp_path / "m.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(ValueError, match="at least one match, got none"):
        draw_matches([], path=tmp_path / "m.png")
