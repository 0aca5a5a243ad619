"""Embeddings and their losses give the published numbers, where nothing is left to chance."""

import numpy as np
import pytest
import torch

from medssl.losses import CoarseCorrespondence, FineCorrespondence
from medssl.networks import AnisotropicEncoder, CorrespondenceNetwork
from medssl.weights.anisotropic import ANATOMICAL_EMBEDDING
from tests.golden.filling import value

TURNED = (0, 1, 4, 3, 2)  # published arrays are (z, y, x)
ALL = 10**6


@pytest.fixture(scope="module")
def numbers(golden):
    return golden("alice/alice_golden.npz")


@pytest.fixture(scope="module")
def network(numbers):
    """Filled by the rule under the published names, whose shapes are the published ones."""
    layout = zip(numbers["samnet/layout/keys"], numbers["samnet/layout/shapes"], strict=True)
    shapes = {str(key): tuple(map(int, filter(None, str(shape).split("x")))) for key, shape in layout}
    norms = ("running_var", "bn.weight")
    state = {key: torch.from_numpy(value(key, shape, norm=key.endswith(norms))) for key, shape in shapes.items()}
    made = CorrespondenceNetwork(AnisotropicEncoder(width=64), length=128)
    ours, unknown = ANATOMICAL_EMBEDDING.to_ours(state)
    assert (len(ours), unknown) == (138, [])
    made.load_state_dict(ours)
    return made.eval()


@pytest.fixture(scope="module")
def image():
    numbers = np.random.Generator(np.random.PCG64(7)).random((1, 1, 16, 32, 32)).astype(np.float32)
    return torch.from_numpy(255 * numbers - 50).permute(TURNED)


@torch.no_grad()
def test_maps(numbers, network, image):
    maps = network.encoder(image)
    assert [list(one.permute(TURNED).shape) for one in maps] == numbers["samnet/feat_shapes"][:4].tolist()
    for stage, one in enumerate(maps):
        step = one.shape[2] // 2
        expected = torch.from_numpy(numbers[f"samnet/stage{stage}_sub"])
        torch.testing.assert_close(one.permute(TURNED)[:, ::8, ::2, ::step, ::step], expected, rtol=1e-5, atol=1e-5)


@torch.no_grad()
def test_embeddings(numbers, network, image):
    found = {key: one.permute(TURNED) for key, one in network(image).items()}
    assert [list(one.shape) for one in found.values()] == numbers["samnet/feat_shapes"][4:].tolist()
    fine, coarse = (torch.from_numpy(numbers[f"samnet/{name}"]) for name in ("fine_sub", "coarse"))
    torch.testing.assert_close(found["fine"][:, :, ::2, ::4, ::4], fine, rtol=0, atol=1e-6)
    torch.testing.assert_close(found["coarse"], coarse, rtol=0, atol=1e-6)


def pairs(numbers, name, rows):
    """Maps of the views in these rows, two a pair. Distances and means do not care for the order of the axes."""
    return torch.from_numpy(numbers[f"samloss/{name}"])[rows].unflatten(0, (-1, 2))


@pytest.mark.parametrize(("away_mm", "name"), [(0, "fine_loss"), (200, "fine_loss_no_overlap")])
def test_fine_loss(numbers, away_mm, name):
    loss = FineCorrespondence(ignore_mm=9, hard=40, keep=40, queries=ALL)
    names = ("fine_feat", "coarse_feat_for_fine", "fine_grid_mm_yxz")
    fine, coarse, places = (pairs(numbers, one, [0, 1]) for one in names)
    places[:, 1] += away_mm
    assert loss(fine, coarse, places).item() == pytest.approx(float(numbers[f"samloss/{name}"]), abs=3e-7)


@pytest.mark.parametrize(("rows", "name"), [([0, 1, 2, 3], "coarse_loss"), ([0, 1, 0, 1], "coarse_loss_overlap_only")])
def test_coarse_loss(numbers, rows, name):
    loss = CoarseCorrespondence(positive_z_mm=(8, 6), hard=10, keep=10, elsewhere=ALL)
    coarse, places = (pairs(numbers, one, rows) for one in ("coarse_feat", "coarse_grid_mm_yxz"))
    assert loss(coarse, places).item() == pytest.approx(float(numbers[f"samloss/{name}"]), abs=3e-7)
