"""Numbers beside the losses."""

import math

import pytest
import torch

from medssl.handlers import DistillationTerms, GradientTerms, JudgeTerms, MatchTerms, QueueTerms
from medssl.networks import Distilled, KeyQueue, Match, QueuedMatch

QUERY = torch.tensor([[2.0, 0, 0], [0, 3, 0]], requires_grad=True)
KEY = torch.tensor([[1.0, 0, 0], [0, 0, 1]])
QUEUE = torch.tensor([[1.0], [0], [0]])


@pytest.mark.parametrize(
    ("match", "negative"),
    [
        pytest.param(QueuedMatch(QUERY, KEY, QUEUE), 0.5, id="against-the-queue"),
        pytest.param(Match(QUERY, KEY), 0.0, id="against-the-batch"),
    ],
)
def test_a_match_by_hand(match, negative):
    assert MatchTerms()({"pred": {"embedding": match}}) == pytest.approx(
        {
            "similarity_positive": 0.5,
            "similarity_negative": negative,
            "embedding_spread": 0.5**0.5,
            "embedding_rank": 1.0,
        }
    )


LOGITS = torch.tensor([[[3.0, 0, 0], [0, 2, 0]]])  # one pair of views
TARGET = torch.tensor([[[0.5, 0.5, 0], [1, 0, 0]]])
TOKENS = torch.eye(3)[None, None, :2].expand(1, 2, 2, 3)  # two places a view


def test_a_distillation_by_hand():
    told = {"embedding": LOGITS, "tokens": TOKENS, "alone": TOKENS.roll(1, dims=2) + TOKENS}
    answers = {"embedding": Distilled(LOGITS.requires_grad_(), TARGET), "tokens": Distilled(-TOKENS, TOKENS)}
    found = DistillationTerms()({"pred": {**answers, "teacher": told}})
    assert found == pytest.approx(
        {
            "similarity_positive": 1.0,
            "similarity_negative": 0.0,
            "embedding_rank": 1.0,
            "embedding_spread": 0.5**0.5,
            "embedding_agreement": 0.5,
            "embedding_entropy": math.log(2) / 2,
            "embedding_target_spread": (0.5 - 0.5**1.5) ** 0.5,
            "tokens_agreement": 0.0,
            "tokens_entropy": 0.0,
            "tokens_target_spread": 0.5**0.5,
            "attention_similarity": 0.5**0.5,
        }
    )


def test_a_distillation_without_places_has_no_terms_of_them():
    found = DistillationTerms()({"pred": {"embedding": Distilled(LOGITS, TARGET), "teacher": {"embedding": LOGITS}}})
    assert not [name for name in found if name.startswith(("tokens", "attention"))]
    assert found["embedding_entropy"] > 0


def test_the_discriminators_answers_are_named():
    judged = {"real": torch.tensor(0.75), "fake": torch.tensor(0.25), "loss": torch.tensor(0.5)}
    assert JudgeTerms()({"judged": judged}) == {"judge_real": 0.75, "judge_fake": 0.25, "judge_loss": 0.5}


@pytest.mark.parametrize(
    "terms", [MatchTerms(), JudgeTerms(), DistillationTerms()], ids=["match", "judge", "distilled"]
)
def test_a_run_without_the_part_has_no_terms(terms):
    assert terms({"pred": {"volume": QUERY}}) == {}


def test_age_of_the_queue():
    queue = KeyQueue(2, 4)
    for _ in range(3):
        queue.enqueue(torch.ones(2, 2))
    assert QueueTerms(queue)({}) == {"queue_age": 1.0}


def test_length_of_a_gradient_by_hand():
    network = torch.nn.Linear(2, 1)
    terms = GradientTerms(network)
    assert terms({}) == {}
    network.weight.grad = torch.tensor([[3.0, 0.0]])
    assert terms({}) == {"gradient_norm": 3.0}
    network.bias.grad = torch.tensor([4.0])
    assert terms({}) == pytest.approx({"gradient_norm": 5.0})
