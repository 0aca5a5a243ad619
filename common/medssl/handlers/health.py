"""Numbers that tell whether a pre-training run is well, beside its losses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cosine_similarity

from medssl.metrics import effective_rank, mean_similarities, spread
from medssl.networks import KeyQueue

__all__ = ["DistillationTerms", "GradientTerms", "JudgeTerms", "MatchTerms", "QueueTerms"]


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


class DistillationTerms:
    """How well a student foretells its teacher, and whether the teacher still has something to say.

    ``similarity_positive`` and ``similarity_negative`` are mean cosines of the student's logits with the teacher's for
    the view that they foretell, and for all others of the batch; ``embedding_rank`` and ``embedding_spread`` are those
    of the student's, see :func:`medssl.metrics.effective_rank` and :func:`medssl.metrics.spread`.

    For each task, ``..._agreement`` is the share of the student's answers whose likeliest prototype is the teacher's,
    ``..._entropy`` the mean entropy of targets in nats, 0 for certainty, and ``..._target_spread`` their spread: 0 if
    all views get the same target, be it one prototype or all alike. ``attention_similarity`` is the mean cosine of the
    teacher's completed tokens with what they are without attention: 1 if attention adds nothing.

    A run without one of the tasks has none of its terms.

    Args:
        embedding: key of what is told of whole views.
        tokens: key of what is told of places.

    Shape:
        Predictions are those of a :class:`medssl.networks.DistilledNetwork`, not decollated.

    Source:
        Caron et al., DINO, ICCV 2021, section 5.3, collapse as entropy; agreement as in Alice's published program.
    """

    def __init__(self, embedding: str = "embedding", tokens: str = "tokens") -> None:
        self.embedding = embedding
        self.tokens = tokens

    @torch.no_grad()
    def __call__(self, output: Mapping[str, Any]) -> dict[str, float]:
        """Read the terms from a trainer's output."""
        predictions = output["pred"]
        told: Mapping[str, Tensor] = predictions.get("teacher", {})
        terms: dict[str, float] = {}
        if self.embedding in told:
            student, teacher = (_rows(each) for each in (predictions[self.embedding].student, told[self.embedding]))
            positive, negative = mean_similarities(student, teacher)
            terms |= {"similarity_positive": float(positive), "similarity_negative": float(negative)}
            terms |= {"embedding_rank": effective_rank(student), "embedding_spread": float(spread(student))}
        for task in (task for task in (self.embedding, self.tokens) if task in told):
            terms |= _target_terms(task, predictions[task].student, target=predictions[task].target)
        if "alone" in told:
            terms["attention_similarity"] = float(cosine_similarity(told[self.tokens], told["alone"], dim=-1).mean())
        return terms


def _target_terms(task: str, student: Tensor, *, target: Tensor) -> dict[str, float]:
    agreement = (student.argmax(dim=-1) == target.argmax(dim=-1)).float().mean()
    entropy = torch.special.entr(target).sum(dim=-1).mean()
    found = {"agreement": agreement, "entropy": entropy, "target_spread": spread(_rows(target))}
    return {f"{task}_{name}": float(value) for name, value in found.items()}


def _rows(each: Tensor) -> Tensor:
    return each.flatten(0, -2)


class GradientTerms:
    """Length of the gradient of all parameters of a network, ``gradient_norm``, as the step took it.

    Args:
        network: whose parameters; those without a gradient count as 0.
    """

    def __init__(self, network: nn.Module) -> None:
        self.parameters = list(network.parameters())

    @torch.no_grad()
    def __call__(self, output: Mapping[str, Any]) -> dict[str, float]:
        """Read the gradients, which stay until the next iteration; the output is not asked."""
        gradients = [parameter.grad for parameter in self.parameters if parameter.grad is not None]
        return {"gradient_norm": float(nn.utils.get_total_norm(gradients))} if gradients else {}


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
