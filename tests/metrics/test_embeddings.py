"""How much embeddings differ."""

import math

import pytest
import torch
from torch.nn.functional import normalize

from medssl.metrics import effective_rank, mean_similarities, spread

EMBEDDINGS = torch.randn(12, 5, generator=torch.Generator().manual_seed(0))
SAME = EMBEDDINGS[:1].expand(8, -1) * torch.arange(1.0, 9)[:, None]  # one direction, many lengths
ACROSS = torch.tensor([[1.0, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0]])


@pytest.mark.parametrize(
    ("embeddings", "expected"),
    [
        pytest.param(ACROSS, 1, id="everywhere"),
        pytest.param(3 * torch.eye(2), math.sqrt(0.5), id="two-axes"),
        pytest.param(SAME, 0, id="collapsed"),
    ],
)
def test_spread_by_hand(embeddings, expected):
    assert float(spread(embeddings)) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(
    ("embeddings", "expected"),
    [
        pytest.param(ACROSS, 2, id="two-axes-alike"),
        pytest.param(ACROSS[:2], 1, id="one-axis"),
        pytest.param(7 * torch.eye(6), 5, id="the-mean-takes-one"),
        pytest.param(SAME, 0, id="collapsed"),
    ],
)
def test_rank_by_hand(embeddings, expected):
    assert effective_rank(embeddings) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("embeddings", [EMBEDDINGS, EMBEDDINGS.T], ids=["many-images", "few-images"])
def test_rank_by_definition(embeddings):
    unit = embeddings / embeddings.norm(dim=1, keepdim=True)
    singular = torch.linalg.svdvals((unit - unit.mean(dim=0)).double())
    shares = [float(value / singular.sum()) for value in singular if value > 1e-6]
    assert effective_rank(embeddings) == pytest.approx(math.exp(-sum(p * math.log(p) for p in shares)), rel=1e-6)


@pytest.mark.parametrize("with_queue", [True, False], ids=["queue", "batch"])
def test_similarities_by_definition(with_queue):
    query, key, queue = EMBEDDINGS[:4], EMBEDDINGS[4:8], normalize(EMBEDDINGS[8:], dim=1)
    cosine = torch.cosine_similarity(query[:, None], (queue if with_queue else key)[None], dim=2)
    others = cosine if with_queue else cosine[~torch.eye(4, dtype=torch.bool)]
    positive, negative = mean_similarities(query, key, queue=queue.T if with_queue else None)
    assert float(positive) == pytest.approx(float(torch.cosine_similarity(query, key).mean()), abs=1e-6)
    assert float(negative) == pytest.approx(float(others.mean()), abs=1e-6)
