"""Tokens completed by attention."""

import pytest
import torch

from medssl.networks import CrossCompletion


@pytest.fixture
def completion():
    torch.manual_seed(0)
    return CrossCompletion(6, hidden=10, heads=2, head_channels=4).eval()


def naive(completion, query, others):
    """One head and one token after the other."""
    block = completion.attention
    asked, keys, values = block.to_q(query), block.to_k(others), block.to_v(others)
    found = torch.empty_like(asked)
    for n in range(len(query)):
        for token in range(query.shape[1]):
            for head in range(2):
                part = slice(4 * head, 4 * head + 4)
                weights = torch.stack([asked[n, token, part] @ key for key in keys[n, :, part]]) / 4**0.5
                found[n, token, part] = weights.softmax(dim=0) @ values[n, :, part]
    tokens = completion.attention_norm(query + found @ block.out_proj.weight.T)
    return completion.norm(tokens + completion.narrow(completion.widen(tokens).relu()))


def test_as_defined(completion):
    query, others = torch.rand(2, 3, 6), torch.rand(2, 5, 6)
    assert torch.allclose(completion(query, others), naive(completion, query, others), atol=1e-6)


def test_the_order_of_the_others_does_not_matter_that_of_the_tokens_does(completion):
    query, others = torch.rand(1, 3, 6), torch.rand(1, 5, 6)
    answer = completion(query, others)
    assert torch.allclose(completion(query, others.flip(1)), answer, atol=1e-6)
    assert torch.allclose(completion(query.flip(1), others), answer.flip(1), atol=1e-6)


def test_alone_is_what_others_without_values_give(completion):
    query = torch.rand(1, 3, 6)
    assert torch.allclose(completion.alone(query), completion(query, torch.zeros(1, 5, 6)), atol=1e-6)


def test_without_the_residual_only_what_was_gathered_remains():
    completion = CrossCompletion(6, hidden=10, heads=2, head_channels=4, residual=False).eval()
    query = torch.rand(1, 3, 6)
    same = torch.rand(1, 1, 6).expand(1, 5, 6)  # whatever one looks at, it is this
    assert torch.allclose(completion(query, same), completion(query + 1, same), atol=1e-6)
    assert torch.allclose(completion.alone(query), completion(query, torch.zeros_like(same)), atol=1e-6)


def test_published_size():
    assert sum(one.numel() for one in CrossCompletion().parameters()) == 4 * 512**2 + 2 * 512 * 2048 + 2048 + 512 * 5
