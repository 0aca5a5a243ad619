import numpy as np
import pytest
from matplotlib.image import imread

from medssl.figures import draw_gallery


def test_bright_cube_is_bright_where_it_belongs(tmp_path):
    dark, bright = np.zeros((8, 8, 4)), np.ones((8, 8, 4))
    picture = imread(draw_gallery([[dark, dark], [dark, bright]], path=tmp_path / "g.png"))[..., 0]
    rows, columns = (n // 2 for n in picture.shape)
    assert picture[rows // 2, int(columns * 1.5)] == 0
    assert picture[int(rows * 1.5), int(columns * 1.5)] == 1


def test_rows_may_differ_in_length_and_carry_titles(tmp_path):
    cube = np.zeros((4, 4, 4))
    path = draw_gallery([[cube], [cube, cube]], path=tmp_path / "g.png", titles=[["a"], ["b", "c"]], names=["x", "y"])
    assert path == tmp_path / "g.png"
    assert path.is_file()


def test_nothing_to_draw_is_refused(tmp_path):
    with pytest.raises(ValueError, match="at least one cube, got none"):
        draw_gallery([[], []], path=tmp_path / "g.png")
