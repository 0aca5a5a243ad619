import numpy as np
import pytest
import torch

from medssl.transforms import RandSmoothElastic, smooth_noise, smoothing_matrix, warp_in_plane
from tests.benchmarks import naive

SHAPES = pytest.mark.parametrize("shape", [(20, 33, 9), (33, 20)], ids=["volume", "plane"])


def first_depth(field):
    """From the order of a spatial shape to the order that the fields have."""
    return torch.from_numpy(np.moveaxis(field.reshape(*field.shape[:2], -1), 2, 0).copy())


def test_matrix_by_hand():
    matrix = smoothing_matrix(3, sigma=0.5, truncate=2.0)
    side = np.exp(-2)  # one voxel is two standard deviations, and the last within the kernel
    expected = np.array([[1, side, 0], [side, 1, side], [0, side, 1]]) / (1 + 2 * side)
    np.testing.assert_allclose(matrix, expected, atol=1e-12)


@SHAPES
def test_smoothing_is_the_naive_one(shape):
    noise = np.random.RandomState(0).rand(*shape) * 2 - 1
    matrices = [smoothing_matrix(length, sigma=3.0, truncate=4.0) for length in shape]
    ours = smooth_noise(torch.from_numpy(noise), matrices)
    plain = first_depth(naive.smooth_field(noise, sigma=3.0, amplitude=1.0))
    np.testing.assert_allclose(ours, plain, atol=1e-12)


@SHAPES
@pytest.mark.parametrize("reach", [0.4, 3.0, 30.0], ids=["within-a-voxel", "voxels", "far-beyond-the-border"])
def test_warp_is_the_naive_one(shape, reach):
    state = np.random.RandomState(0)
    image = state.rand(2, *shape)
    down, right = reach * (2 * state.rand(2, *shape) - 1)
    ours = warp_in_plane(torch.from_numpy(image), down=first_depth(down), right=first_depth(right))
    assert ours.shape == image.shape
    np.testing.assert_allclose(ours, naive.warp(image, down, right), atol=1e-10)


def test_warp_by_hand():
    image = torch.tensor([[[0.0, 1.0, 4.0]]])
    none, half, far = torch.zeros(1, 1, 3), torch.full((1, 1, 3), 0.5), torch.full((1, 1, 3), -2.0)
    assert warp_in_plane(image, down=none, right=none).flatten().tolist() == pytest.approx([0, 1, 4], abs=1e-6)
    assert warp_in_plane(image, down=none, right=half).flatten().tolist() == pytest.approx([0.5, 2.5, 4])
    assert warp_in_plane(image, down=none, right=far).flatten().tolist() == pytest.approx([1, 0, 0])  # mirrored


def test_rounding_does_not_lead_out_of_the_range():
    image = torch.rand(1, 40, 40).round()
    down, right = 5 * torch.rand(2, 1, 40, 40)
    warped = warp_in_plane(image, down=down, right=right)
    assert (warped.min(), warped.max()) == (0, 1)


@pytest.mark.parametrize("noise", ["voxels", "modes"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_transform_warps_by_what_it_drew(noise, dtype):
    image = np.random.RandomState(0).rand(1, 24, 16, 8).astype(dtype)
    elastic = RandSmoothElastic(amplitude=300.0, noise=noise).set_random_state(0)
    warped = elastic(image)
    down, right = (np.moveaxis(field.double().numpy(), 0, 2) for field in (elastic.down, elastic.right))
    np.testing.assert_allclose(warped, naive.warp(image.astype(float), down, right), atol=1e-5)
    assert not np.allclose(down, right)


@pytest.mark.parametrize("noise", ["voxels", "modes"])
def test_fields_are_as_strong_as_the_naive_ones_everywhere(noise):
    shape, state = (24, 20, 10), np.random.RandomState(0)
    elastic = RandSmoothElastic(noise=noise, sigma=3.0, amplitude=100.0).set_random_state(0)
    ours = []
    for _ in range(400):
        elastic.randomize(np.zeros((1, *shape)))
        ours.append(elastic.down.numpy())
    plain = [first_depth(naive.smooth_field(2 * state.rand(*shape) - 1, 3.0, 100.0)).numpy() for _ in range(400)]
    np.testing.assert_allclose(np.std(ours, axis=0).mean(axis=0), np.std(plain, axis=0).mean(axis=0), rtol=0.2)
    assert np.std(ours) == pytest.approx(np.std(plain), rel=0.02)
    neighbours = [np.corrcoef(np.ravel(f)[:-2], np.ravel(f)[2:])[0, 1] for f in (ours, plain)]
    assert neighbours[0] == pytest.approx(neighbours[1], rel=0.01)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        pytest.param({"sigma": 0}, "sigma and truncate above 0, got 0 and 4.0", id="sigma"),
        pytest.param({"truncate": -1}, "got 8.0 and -1", id="truncate"),
        pytest.param({"noise": "pixels"}, "noise 'voxels' or 'modes', got 'pixels'", id="noise"),
    ],
)
def test_bad_words_are_refused(words, message):
    with pytest.raises(ValueError, match=message):
        RandSmoothElastic(**words)
