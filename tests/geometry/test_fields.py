import math

import numpy as np
import pytest
import torch

from medssl.geometry import (
    identity_grid,
    invert,
    jacobian_determinant,
    resample,
    sample_at,
    smooth_displacement,
    warp,
)


def constant(shift, shape):
    return torch.tensor(shift).view(-1, *(1 for _ in shape)).expand(-1, *shape)


def drawn(shape=(24, 20, 16), amplitude=2.0, sigma=5.0, seed=0):
    return smooth_displacement(shape, amplitude, sigma=sigma, generator=np.random.default_rng(seed))


@pytest.mark.parametrize(("shape", "shift"), [((6, 5), [1.0, 0.0]), ((5, 4, 6), [0.0, 2.0, -1.0])], ids=["2d", "3d"])
@pytest.mark.parametrize("mode", ["linear", "nearest"])
def test_constant_field_shifts_and_repeats_the_border(shape, shift, mode):
    array = torch.arange(math.prod(shape)).view(1, *shape).short()
    index = torch.meshgrid(*(torch.arange(n) for n in shape), indexing="ij")
    moved = [(i + int(s)).clamp(0, n - 1) for i, s, n in zip(index, shift, shape, strict=True)]
    assert torch.equal(warp(array, constant(shift, shape), mode=mode), array[(0, *moved)][None])


def test_half_a_voxel_is_the_mean_of_two():
    array = torch.tensor([[[0.0, 4.0, 6.0]]])
    coordinates = torch.tensor([[[0.0, 0.0]], [[0.5, 1.25]]])
    assert sample_at(array, coordinates).flatten().tolist() == pytest.approx([2.0, 4.5])


def test_unknown_mode_is_refused():
    with pytest.raises(ValueError, match="'linear' and 'nearest', got 'cubic'"):
        sample_at(torch.zeros(1, 2, 2), identity_grid((2, 2)), mode="cubic")


@pytest.mark.parametrize("dims", [2, 3])
def test_linear_field_has_the_determinant_of_its_matrix(dims):
    matrix = torch.tensor([[0.2, 0.1, -0.3], [0.0, -0.1, 0.2], [0.4, 0.05, 0.3]])[:dims, :dims]
    field = torch.tensordot(matrix, identity_grid((5, 6, 7)[:dims]), dims=1)
    expected = float(torch.det(torch.eye(dims) + matrix))
    assert torch.allclose(jacobian_determinant(field), torch.tensor(expected), atol=1e-4)


def test_folding_shows_as_a_negative_determinant():
    field = torch.zeros(2, 9, 9)
    field[0, 4] = 3.0
    assert jacobian_determinant(field).min() < 0


def test_inverse_of_an_inverse_is_the_field_inside():
    field = drawn()
    inverse = invert(field)
    back = inverse + warp(field, inverse)
    assert back[:, 3:-3, 3:-3, 3:-3].abs().max() < 1e-3


def test_inverse_of_a_stretch_by_hand():
    x = identity_grid((9, 9))
    inverse = invert(0.25 * x, iterations=40)  # y = 1.25 x, so x - y = -0.2 y
    assert torch.allclose(inverse, -0.2 * x, atol=1e-4)


def test_draw_peaks_at_the_amplitude_along_every_axis_and_repeats():
    field = drawn(amplitude=3.0)
    assert field.flatten(1).abs().amax(1).tolist() == pytest.approx([3.0] * 3)
    assert torch.equal(field, drawn(amplitude=3.0))
    assert not torch.equal(field, drawn(amplitude=3.0, seed=1))


def test_draw_has_the_covariance_of_smoothed_noise():
    sigma, lag = 4.0, 6
    fields = [drawn((60, 60), 1.0, sigma=sigma, seed=seed) for seed in range(200)]
    unit = torch.stack([field / field.flatten(1).std(1)[:, None, None] for field in fields])
    measured = (unit[..., lag:, :] * unit[..., :-lag, :]).mean()
    assert measured == pytest.approx(math.exp(-(lag**2) / (4 * sigma**2)), abs=0.05)


def test_smoothness_above_zero_is_needed():
    with pytest.raises(ValueError, match="sigma above 0, got 0"):
        drawn(sigma=0.0)


def test_resampling_a_ramp_gives_a_ramp():
    ramp = identity_grid((9, 7, 5))[:1] * 10
    coarse = resample(ramp, (2.0, 3.0, 1.0))
    assert coarse.shape == (1, 5, 3, 5)
    assert coarse[0, 1:-1, 0, 0].tolist() == pytest.approx([20, 40, 60], abs=0.5)


def test_resampling_labels_takes_what_is_there():
    labels = torch.tensor([[[0, 1, 2, 3, 4]]], dtype=torch.uint8)
    coarse = resample(labels, (1.0, 2.0), mode="nearest")
    assert coarse.dtype == torch.uint8
    assert coarse.tolist() == [[[0, 2, 4]]]
