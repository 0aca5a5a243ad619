"""A prepared volume shows the same values at the same places of the world."""

import re

import numpy as np
import pytest
import torch
from nibabel.orientations import aff2axcodes

from medssl.data import prepare_volume

ROTATION = np.array([[0.8, -0.6, 0.0], [0.6, 0.8, 0.0], [0.0, 0.0, 1.0]])
SIZES = (1.5, 1.0, 3.0)


def affine(axes=(1, 1, 1), rotation=None):
    result = np.eye(4)
    result[:3, :3] = (np.eye(3) if rotation is None else rotation) @ np.diag(SIZES) @ np.diag(axes)
    result[:3, 3] = (-20, 30, 100)
    return torch.from_numpy(result)


def world(shape, matrix):
    indices = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), axis=-1)
    return indices @ np.asarray(matrix)[:3, :3].T + np.asarray(matrix)[:3, 3]  # (*S, 3)


def ramp(shape, matrix):
    """Give values that a linear interpolation keeps, another one for every place of the world."""
    return torch.from_numpy(world(shape, matrix) @ (1.0, 10.0, 100.0))[None].float()


@pytest.mark.parametrize("axes", [(1, 1, 1), (-1, 1, 1), (-1, -1, 1), (1, -1, -1)], ids=["ras", "las", "lps", "rpi"])
@pytest.mark.parametrize("rotation", [None, ROTATION], ids=["straight", "oblique"])
@pytest.mark.parametrize("spacing", ["native", 2.0, (1.0, 2.0, 3.0)], ids=str)
def test_values_stay_where_they_were(axes, rotation, spacing):
    matrix = affine(axes, rotation)
    image, placed = prepare_volume(ramp((24, 30, 12), matrix), matrix, spacing=spacing)
    assert image.dtype == torch.float32
    assert "".join(aff2axcodes(placed.numpy())) == "LPS"
    sizes = placed[:3, :3].norm(dim=0).numpy()
    np.testing.assert_allclose(sizes, SIZES if spacing == "native" else np.broadcast_to(spacing, 3), atol=1e-6)
    inner = (0, *(slice(2, -2),) * 3)  # beyond the border its outermost values go on
    np.testing.assert_allclose(image[inner], ramp(image.shape[1:], placed)[inner], atol=0.05)


def test_two_orientations_of_one_volume_become_the_same():
    matrix = affine((-1, -1, 1))
    image = torch.from_numpy(np.random.default_rng(0).normal(0, 500, (1, 24, 30, 12))).float()
    flipped = matrix.clone()
    flipped[:3, 0], flipped[:3, 3] = -matrix[:3, 0], matrix[:3, 3] + 23 * matrix[:3, 0]
    first, placed = prepare_volume(image, matrix, spacing=2.0)
    second, also = prepare_volume(image.flip(1), flipped, spacing=2.0)
    np.testing.assert_allclose(first, second, atol=1e-2)
    np.testing.assert_allclose(placed, also, atol=1e-6)


def test_box_around_the_body_is_kept():
    image = torch.full((1, 20, 20, 20), -1000.0)
    image[:, 3:11, 5:20, 7] = 40.0
    image[:, 6, 6, 2:9] = 0.0
    cropped, placed = prepare_volume(image, affine((-1, -1, 1)), body_hu=-500)
    assert torch.equal(cropped, image[:, 3:11, 5:20, 2:9])
    np.testing.assert_allclose(placed[:3, 3], affine((-1, -1, 1)).numpy()[:3] @ (3, 5, 2, 1))


def test_labels_stay_whole():
    label = torch.from_numpy(np.random.default_rng(0).integers(0, 5, (1, 9, 9, 9))).float()
    made, _ = prepare_volume(label, affine(), spacing=1.2, mode="nearest")
    assert set(made.unique().tolist()) == set(range(5))


NO_SPACING = np.diag([-1.0, 1.0, 1.0, 1.0])
NO_SPACING[:3, 3] = (4.0, -4.5, -5.0)


@pytest.mark.parametrize(
    ("shape", "matrix", "words", "message"),
    [
        pytest.param((9, 10), affine(), {}, "has the shape (9, 10), needed is a volume", id="2d"),
        pytest.param((9, 10, 1), affine(), {}, "has the shape (9, 10, 1), needed is a volume", id="one-slice"),
        pytest.param((9, 10, 11), torch.eye(4), {"spacing": 2.0}, "has no voxel size", id="identity"),
        pytest.param((9, 10, 11), torch.from_numpy(NO_SPACING), {"spacing": 2.0}, "has no voxel size", id="no-header"),
        pytest.param((9, 10, 11), torch.diag(torch.tensor([2.0, 0, 2, 1])), {}, "is singular", id="size-of-zero"),
        pytest.param((9, 10, 11), affine(), {"spacing": 0}, "above 0 mm, got 0", id="no-spacing"),
        pytest.param((9, 10, 11), affine(), {"spacing": [1, 2]}, "one or three edge lengths", id="two-lengths"),
        pytest.param(
            (9, 10, 11), affine(), {"body_hu": -500}, "only 0.10% of its voxels lie above -500, needed", id="no-body"
        ),
    ],
)
def test_unusable_volume_says_what_to_do(shape, matrix, words, message):
    image = torch.full((1, *shape), -1000.0)
    image.view(-1)[0] = 0
    with pytest.raises(ValueError, match=re.escape(message)):
        prepare_volume(image, matrix, **words)
