"""The loss of Barlow Twins, by the number."""

import pytest
import torch

from medssl.losses import RedundancyReduction

DRAW = torch.Generator().manual_seed(0)
FIRST, SECOND = (torch.randn(16, 6, generator=DRAW) for _ in range(2))


def naive(first, second, weight):
    total = 0.0
    for i in range(first.shape[1]):
        for j in range(first.shape[1]):
            one, other = ((x[:, k] - x[:, k].mean()) / x[:, k].std() for x, k in ((first, i), (second, j)))
            correlation = float((one * other).mean())
            total += (1 - correlation) ** 2 if i == j else weight * correlation**2
    return total / first.shape[1]


def test_definition():
    assert RedundancyReduction(0.1)(FIRST, SECOND).item() == pytest.approx(naive(FIRST, SECOND, 0.1), rel=1e-4)


def test_its_size_does_not_grow_with_the_embedding():
    wide = [torch.cat([x] * 8, dim=1) for x in (FIRST, SECOND)]
    assert RedundancyReduction(0.0)(*wide).item() == pytest.approx(
        RedundancyReduction(0.0)(FIRST, SECOND).item(), rel=1e-4
    )


def test_training_lowers_it():
    torch.manual_seed(0)
    layer = torch.nn.Linear(6, 32)
    optimizer, loss = torch.optim.SGD(layer.parameters(), lr=3.0), RedundancyReduction()
    values = []
    for _ in range(100):
        optimizer.zero_grad()
        value = loss(layer(FIRST), layer(FIRST + 0.5 * SECOND))
        value.backward()
        optimizer.step()
        values.append(value.item())
    assert values[-1] < 0.8 * values[0]


def test_one_image_counts_as_nothing():
    single = FIRST[:1].clone().requires_grad_()
    value = RedundancyReduction()(single, SECOND[:1])
    value.backward()
    assert value.item() == 0
    assert not single.grad.any()
