"""Numbers beside the losses."""

import pytest
import torch

from medssl.handlers import JudgeTerms, MatchTerms, QueueTerms
from medssl.networks import KeyQueue, Match, QueuedMatch

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


def test_the_discriminators_answers_are_named():
    judged = {"real": torch.tensor(0.75), "fake": torch.tensor(0.25), "loss": torch.tensor(0.5)}
    assert JudgeTerms()({"judged": judged}) == {"judge_real": 0.75, "judge_fake": 0.25, "judge_loss": 0.5}


@pytest.mark.parametrize("terms", [MatchTerms(), JudgeTerms()], ids=["match", "judge"])
def test_a_run_without_the_part_has_no_terms(terms):
    assert terms({"pred": {"volume": QUERY}}) == {}


def test_age_of_the_queue():
    queue = KeyQueue(2, 4)
    for _ in range(3):
        queue.enqueue(torch.ones(2, 2))
    assert QueueTerms(queue)({}) == {"queue_age": 1.0}
