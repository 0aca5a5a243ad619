"""Cutting, resizing, density and nearness, against values by hand and the definitions written plainly."""

import numpy as np
import pytest

from medssl.data import cut_cube, dense_weight, nearest, resize_in_plane


def plain_weight(window, threshold, slices):
    total = 0.0
    for column in window.reshape(-1, window.shape[2]):
        for start in range(window.shape[2] - slices):
            for step in range(slices):
                if column[start + step] >= threshold:
                    total += 1 - step / max(slices - 1, 1)
                    break
    return total


def plain_resize(cube, shape):
    padded = np.pad(cube, [(1, 1), (1, 1), (0, 0)], mode="reflect")
    out = np.zeros((*shape, cube.shape[2]))
    for x in range(shape[0]):
        for y in range(shape[1]):
            u, v = ((o + 0.5) * n / m - 0.5 + 1 for o, n, m in zip((x, y), cube.shape, shape, strict=False))
            i, j, a, b = int(u), int(v), u - int(u), v - int(v)
            rows = [(1 - b) * padded[k, j] + b * padded[k, min(j + 1, padded.shape[1] - 1)] for k in (i, i + 1)]
            out[x, y] = (1 - a) * rows[0] + a * rows[1]
    return out


@pytest.mark.parametrize(
    ("column", "weight"),
    [
        pytest.param([1, 0, 0, 0, 0], 1, id="dense-itself"),
        pytest.param([0, 0, 1, 0, 0], 0.5, id="dense-one-below-or-too-far"),
        pytest.param([0, 0, 0, 1, 1], 0, id="dense-below-the-cube"),
        pytest.param([1, 1, 1, 0, 0], 2, id="counts-once"),
    ],
)
def test_weight_by_hand(column, weight):
    assert dense_weight(np.array(column, dtype=float).reshape(1, 1, 5)) == weight


@pytest.mark.parametrize("slices", [1, 2, 3, 4])
def test_weight_is_the_plain_sum(slices):
    window = np.random.default_rng(slices).random((3, 4, 9))
    assert dense_weight(window, threshold=0.6, slices=slices) == pytest.approx(plain_weight(window, 0.6, slices))


def test_nearest_by_hand():
    order, distances = nearest(np.array([0.0, 0]), np.array([[3.0, 4], [0, 0], [0, 1], [0, -1]]))
    assert order.tolist() == [1, 2, 3, 0]
    assert distances.tolist() == [0, 1, 1, 5]


@pytest.mark.parametrize("shape", [(8, 8), (5, 11), (3, 8)], ids=str)
def test_resize_is_the_plain_loop(shape):
    cube = np.random.default_rng(0).random((8, 6, 2))
    np.testing.assert_allclose(resize_in_plane(cube, shape), plain_resize(cube, shape), atol=1e-12)


def test_resize_by_hand():
    column = np.array([0.0, 4.0]).reshape(2, 1, 1)  # mirrored: 4 0 4 0
    assert resize_in_plane(column, (4, 1)).ravel().tolist() == [1, 1, 3, 3]


def test_cut_is_the_slice_where_sizes_agree():
    volume = np.random.default_rng(0).random((9, 8, 7)).astype(np.float32)
    assert np.array_equal(cut_cube(volume, (1, 2, 3), size=4, cube=(4, 4, 2)), volume[1:5, 2:6, 3:5])
    larger = cut_cube(volume, (1, 2, 3), size=6, cube=(4, 4, 2))
    assert larger.shape == (4, 4, 2)
    assert larger.dtype == np.float32


@pytest.mark.parametrize("corner", [(-1, 0, 0), (6, 0, 0), (0, 0, 6)], ids=str)
def test_cut_outside_is_refused(corner):
    with pytest.raises(ValueError, match=r"of \(4, 4, 2\) voxels does not lie inside \(9, 8, 7\)"):
        cut_cube(np.zeros((9, 8, 7)), corner, size=4, cube=(4, 4, 2))
