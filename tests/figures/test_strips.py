import numpy as np
import pytest
from matplotlib.image import imread

from medssl.figures import draw_strips


def test_columns_stand_in_the_order_given(tmp_path):
    strips = {"input": [np.zeros((8, 8))] * 2, "restored": [np.ones((8, 8))] * 2}
    picture = imread(draw_strips(strips, path=tmp_path / "s.png", names=["one", "two"]))[..., 0]
    height, width = picture.shape
    assert picture[height // 4, int(width * 0.3)] == 0
    assert picture[height // 4, int(width * 0.75)] == 1


@pytest.mark.parametrize("strips", [{}, {"a": []}, {"a": [np.zeros((2, 2))], "b": []}], ids=["none", "empty", "uneven"])
def test_uneven_columns_are_refused(tmp_path, strips):
    with pytest.raises(ValueError, match="columns of one length above 0"):
        draw_strips(strips, path=tmp_path / "s.png")
