"""Numbers that tell whether a pre-training run is well, beside its losses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from medssl.metrics import effective_rank, mean_similarities, spread
from medssl.networks import KeyQueue

__all__ = ["JudgeTerms", "MatchTerms", "QueueTerms"]


class MatchTerms:
    """How alike the views of one image are embedded, how unlike those of others, and how much embeddings differ.

    ``similarity_positive`` and ``similarity_negative`` are mean cosines of a query with its key, and with the queue or,
    where there is none, the batch's other keys; ``embedding_spread`` and ``embedding_rank`` are those of the queries,
    see :func:`medssl.metrics.spread` and :func:`medssl.metrics.effective_rank`.

    Args:
        task: key of the prediction, a :class:`medssl.networks.Match` or :class:`medssl.networks.QueuedMatch`; a run
            without it has none of these terms.
    """

    def __init__(self, task: str = "embedding") -> None:
        self.task = task

    @torch.no_grad()
    def __call__(self, output: Mapping[str, Any]) -> dict[str, float]:
        """Read the terms from a trainer's output."""
        if self.task not in output["pred"]:
            return {}
        match = output["pred"][self.task]
        positive, negative = mean_similarities(match.query, match.key, queue=getattr(match, "queue", None))
        return {
            "similarity_positive": float(positive),
            "similarity_negative": float(negative),
            "embedding_spread": float(spread(match.query)),
            "embedding_rank": effective_rank(match.query),
        }


class JudgeTerms:
    """Mean answers of the discriminator to real and to restored images, and its loss.

    They are in ``output["judged"]`` under ``real``, ``fake`` and ``loss``; a run without a discriminator has none.
    """

    def __call__(self, output: Mapping[str, Any]) -> dict[str, float]:
        """Read the terms from a trainer's output."""
        return {f"judge_{name}": float(value) for name, value in output.get("judged", {}).items()}


class QueueTerms:
    """Age of the oldest key in the queue, in iterations.

    Args:
        queue: the queue of the run.
    """

    def __init__(self, queue: KeyQueue) -> None:
        self.queue = queue

    def __call__(self, output: Mapping[str, Any]) -> dict[str, float]:
        """Read the age; the output is not asked."""
        return {"queue_age": self.queue.age}
