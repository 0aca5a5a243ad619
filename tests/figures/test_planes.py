import numpy as np
import pytest
from matplotlib.figure import Figure

from medssl.figures.planes import plane_words, show_plane, to_upright

LPS = np.diag([-1.0, -2.0, 3.0, 1.0])


@pytest.mark.parametrize(
    "affine",
    [
        pytest.param(LPS, id="lps"),
        pytest.param(np.diag([1.0, 2.0, 3.0, 1.0]), id="ras"),
        pytest.param(LPS[:, [2, 0, 1, 3]] + [[0, 0, 0, 5.0], [0] * 4, [0] * 4, [0] * 4], id="permuted-and-moved"),
    ],
)
def test_every_voxel_keeps_its_place_in_the_world(affine):
    array = np.arange(24).reshape(2, 3, 4)
    upright, turned = to_upright(array, affine)
    assert np.array_equal(np.sign(turned[:3, :3]), np.diag([-1.0, -1, 1]))
    for value in (0, 7, 23):
        before, after = (np.argwhere(each == value)[0] for each in (array, upright))
        assert np.allclose(affine @ [*before, 1], turned @ [*after, 1])


def test_rows_of_an_axial_plane_run_down_and_those_of_others_up():
    spacing = np.array([1.0, 2, 3])
    assert plane_words(2, spacing) == {"origin": "upper", "aspect": 2}
    assert plane_words(1, spacing) == {"origin": "lower", "aspect": 3}
    assert plane_words(0, spacing) == {"origin": "lower", "aspect": 1.5}


def test_a_plane_has_the_letters_of_its_sides_and_its_window():
    cell = Figure().subplots()
    show_plane(cell, np.zeros((3, 4)), axis=1, spacing=np.ones(3), window=(0, 2))
    assert [text.get_text() for text in cell.texts] == ["R", "L", "F", "H"]
    assert cell.images[0].get_clim() == (0, 2)
