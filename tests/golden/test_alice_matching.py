"""Matched points and drawn points agree with the published program."""

import numpy as np
import pytest
import torch

from medssl.data import Embedded, foreground_points, match_points

FILE = "alice/alice_golden.npz"


@pytest.fixture(scope="module")
def data(golden):
    return golden(FILE)


def embedded(data, name):
    fine, coarse = (torch.from_numpy(data[f"match/{part}{name}"][0]).permute(0, 3, 2, 1) for part in ("fine", "coarse"))
    return Embedded(fine, coarse, np.diag([2.0, 2.0, 2.0, 1.0]), tuple(2 * edge for edge in fine.shape[1:]))


@pytest.mark.parametrize(
    ("partner", "row", "expected"), [("B", 1, "match/{}"), ("A", 0, "match/self_{}")], ids=["other-volume", "itself"]
)
def test_matches(data, partner, row, expected):
    spacing = 2 * data["match/norm_ratio"]
    source, target = embedded(data, "A"), embedded(data, partner)
    points, score = match_points(source, data["match/points_xyz"] * spacing[0], target=target, rounding="down")
    voxels = np.trunc(points / spacing[row])  # the published program also ends in whole voxels
    assert voxels.tolist() == data[expected.format("xyz")].tolist()
    np.testing.assert_allclose(score, data[expected.format("score")], rtol=0, atol=1e-6)


def test_points_are_those_that_may_be_drawn(data):
    values, published = data["points/volume_zyx"].transpose(2, 1, 0), data["points/pts_xyz"]
    words = {"above": 0.0, "margin": (0, 10)}
    ours = foreground_points(values, 200_000, generator=np.random.default_rng(0), **words)
    may_be_drawn = set(map(tuple, ours.tolist()))
    inner = values[tuple(slice(0, edge - 10) for edge in values.shape)]
    assert len(may_be_drawn) == int((inner > 0).sum())  # every place that fits, and no other
    assert set(map(tuple, published.tolist())) <= may_be_drawn
