"""Matched places are the right ones where the right ones are known."""

import numpy as np
import pytest
import torch
from torch.nn.functional import interpolate, normalize

from medssl.data import Embedded, Grid, NormalisedPlace, SamePatient, match_points

AFFINE = np.array([[-2.0, 0, 0, 40], [0, -2.0, 0, 30], [0, 0, 2.0, -100], [0, 0, 0, 1]])
FLIPPED = np.array([[2.0, 0, 0, 2], [0, -2.0, 0, 30], [0, 0, 2.0, -100], [0, 0, 0, 1]])  # the same for 20 voxels


def units(*shape, seed=0):
    return normalize(torch.from_numpy(np.random.default_rng(seed).normal(size=shape)).float(), dim=0)


def embedded(seed=0, shape=(20, 24, 16), affine=AFFINE):
    fine = tuple(edge // 2 for edge in shape)
    return Embedded(units(6, *fine, seed=seed), units(6, 2, 2, 4, seed=seed + 1), affine, shape)


def world(voxels, affine=AFFINE):
    return np.asarray(voxels, np.float64) @ affine[:3, :3].T + affine[:3, 3]


def test_value_by_hand():
    axes = torch.eye(2)
    source = Embedded(axes[:, :1].view(2, 1, 1, 1), axes[:, :1].view(2, 1, 1, 1), np.diag([2.0, 2, 2, 1]), (2, 2, 2))
    fine = torch.stack([axes[1], axes[0], axes[1]], dim=1).view(2, 3, 1, 1)  # the second cell agrees
    target = Embedded(fine, axes[:, :1].view(2, 1, 1, 1), np.diag([3.0, 3, 3, 1]), (6, 2, 2))
    points, score = match_points(source, np.zeros((1, 3)), target=target)
    assert points.tolist() == [[7.5, 1.5, 1.5]]  # voxel 2.5 of 3 mm
    assert score.tolist() == [1.0]


def test_agrees_with_the_definition():
    source, target = embedded(), embedded(seed=9, shape=(12, 10, 14))
    points = world(np.random.default_rng(0).uniform(0, 15, (7, 3)))
    found, score = match_points(source, points, target=target)
    maps = []
    for volume in (source, target):
        coarse = interpolate(volume.coarse[None], volume.fine.shape[1:], mode="trilinear")[0]
        maps.append((volume.fine, coarse / coarse.norm(dim=0)))
    for number, point in enumerate(points):
        voxel = np.linalg.inv(AFFINE) @ (*point, 1)
        i, j, k = np.rint((voxel[:3] - 0.5) / 2).astype(int)
        fine, coarse = ((maps[0][part][:, i, j, k, None, None, None] * maps[1][part]).sum(dim=0) for part in (0, 1))
        similarity = (fine + coarse) / 2
        best = np.unravel_index(int(similarity.argmax()), similarity.shape)
        np.testing.assert_allclose(found[number], world(2 * np.array(best) + 0.5))
        assert score[number] == pytest.approx(float(similarity.max()), abs=1e-6)


def test_points_of_one_volume_are_found_in_itself():
    volume = embedded()
    voxels = np.random.default_rng(0).integers(0, (20, 24, 16), (50, 3))
    found, score = match_points(volume, world(voxels), target=volume)
    np.testing.assert_allclose(found, world(voxels // 2 * 2 + 0.5))
    np.testing.assert_allclose(score, 1, atol=1e-5)


def test_known_shift_is_recovered():
    source = embedded()
    shift = np.array([6.0, -4.0, 10.0])
    moved = AFFINE.copy()
    moved[:3, 3] += shift
    points = world(np.random.default_rng(0).integers(0, 16, (20, 3)) // 2 * 2 + 0.5)
    found, _ = match_points(source, points, target=source._replace(affine=moved))
    np.testing.assert_allclose(found, points + shift)


def test_flipped_array_gives_the_same_places():
    source, target = embedded(), embedded(seed=9)
    turned = Embedded(target.fine.flip(1), target.coarse.flip(1), FLIPPED, target.shape)
    points = world(np.random.default_rng(0).integers(0, 16, (20, 3)))
    first, second = (match_points(source, points, target=volume)[0] for volume in (target, turned))
    np.testing.assert_allclose(first, second)


def test_padding_is_never_found_and_changes_nothing():
    source, target = embedded(), embedded(seed=9, shape=(20, 24, 16))
    smaller = target._replace(shape=(15, 24, 10))  # odd: the last cell is half inside
    found, _ = match_points(source, world(np.random.default_rng(0).integers(0, 16, (50, 3))), target=smaller)
    voxels = (found - AFFINE[:3, 3]) @ np.linalg.inv(AFFINE[:3, :3]).T
    assert (voxels.max(axis=0) <= (14, 23, 9)).all()
    ready = smaller.on_one_grid()
    assert ready.fine.shape == ready.coarse.shape == (6, 8, 12, 5)
    assert torch.equal(ready.on_one_grid().coarse, ready.coarse)
    once = match_points(ready, found, target=ready)
    twice = match_points(smaller, found, target=smaller)
    np.testing.assert_allclose(once[0], twice[0])


def test_cells_are_looked_at_in_parts(monkeypatch):
    source, target = embedded(), embedded(seed=9)
    points = world(np.random.default_rng(0).integers(0, 16, (23, 3)))
    whole = match_points(source, points, target=target)
    for name, value in (("SIMILARITIES", 23 * 100), ("LEAST_WIDTH", 7)):
        monkeypatch.setitem(match_points.__globals__, name, value)
    for ours, theirs in zip(match_points(source, points, target=target), whole, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-6)


@pytest.mark.parametrize(("rounding", "cell"), [("nearest", 1), ("down", 0)])
def test_rounding(rounding, cell):
    volume = embedded()
    found, _ = match_points(volume, world([[1.8, 0.5, 0.5]]), target=volume, rounding=rounding)
    np.testing.assert_allclose(found, world([[2 * cell + 0.5, 0.5, 0.5]]))


def test_points_outside_are_moved_to_the_border():
    volume = embedded()
    found, _ = match_points(volume, world([[-50, 100, 3]]), target=volume)
    np.testing.assert_allclose(found, world([[0.5, 22.5, 2.5]]))


def test_same_relative_place():
    source, target = Grid(AFFINE, (20, 24, 16)), Grid(np.diag([1.0, 2, 3, 1]), (40, 12, 16))
    found, score = NormalisedPlace()(source, world([[-0.5, -0.5, 3], [9.5, 11.5, 7.5]]), target=target)
    np.testing.assert_allclose(found, [[0, 0, 9], [19.5, 11, 22.5]])  # the first lies on the corner, and is moved in
    assert score.tolist() == [1, 1]
    back, _ = NormalisedPlace()(target, found[1:], target=source)
    np.testing.assert_allclose(back, world([[9.5, 11.5, 7.5]]))


def test_same_patient_is_moved_a_little():
    volume = Grid(AFFINE, (20, 24, 16))
    points = world(np.random.default_rng(0).integers(4, 12, (200, 3)))
    found, _ = SamePatient(6.0)(volume, points, target=volume)
    moves = np.abs(found - points)
    assert moves.max() <= 6
    assert moves.mean() == pytest.approx(3, abs=0.3)
    assert np.array_equal(SamePatient(6.0)(volume, points, target=volume)[0], found)
    assert not np.array_equal(SamePatient(6.0, seed=1)(volume, points, target=volume)[0], found)
    assert np.array_equal(SamePatient(0)(volume, points, target=volume)[0], points)
    with pytest.raises(ValueError, match="jitter of 0 mm or more, got -1"):
        SamePatient(-1)


def test_no_points_give_no_matches():
    volume = embedded()
    found, score = match_points(volume, np.empty((0, 3)), target=volume)
    assert found.shape == (0, 3)
    assert score.shape == (0,)
