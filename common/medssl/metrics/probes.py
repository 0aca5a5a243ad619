"""What frozen features know of classes: nearest neighbours, and logistic regression."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy, linear, normalize

__all__ = ["LinearProbe", "linear_probe", "nearest_neighbours"]

STRENGTHS = (10.0, 1.0, 0.1, 0.01, 0.001)  # of the penalty; each fit starts from the one before
FOLDS = 5
ENOUGH = 5000  # rows to choose the penalty on
STEPS = 100
ROWS = 1024  # whose similarities are held at once
VARIES = 1e-9  # smallest deviation, as a share of the mean


class LinearProbe(NamedTuple):
    """One linear layer on features as they come: standardising is part of it.

    Attributes:
        weight: ``(K, E)``.
        bias: ``(K,)``.
        strength: of the penalty that was chosen.
    """

    weight: Tensor
    bias: Tensor
    strength: float

    def __call__(self, vectors: Tensor) -> Tensor:
        """Logits of vectors: ``(N, E)`` in, ``(N, K)`` out."""
        return linear(vectors.to(self.weight), self.weight, self.bias)


def nearest_neighbours(
    train_vectors: Tensor, train_targets: Tensor, *, vectors: Tensor, k: int = 20, temperature: float = 0.07
) -> Tensor:
    """Class scores of each vector: the mean of its nearest training vectors' targets, weighted by cosine.

    Args:
        train_vectors: what is known.
        train_targets: 0 and 1 for each class, one-hot or any number of ones.
        vectors: what is asked.
        k: neighbours, at least 1; where there are fewer, all.
        temperature: above 0; a neighbour counts ``exp(cosine / temperature)``.

    Shape:
        ``(n, E)``, ``(n, K)``, ``(N, E)`` in, ``(N, K)`` in [0, 1] out.

    Raises:
        ValueError: if ``k`` or the temperature is out of its range, or there are no training vectors.

    Source:
        Wu et al., Unsupervised Feature Learning via Non-Parametric Instance Discrimination, CVPR 2018, section 3.4;
        ``k`` of 20 as Caron et al., DINO, ICCV 2021.
    """
    if k < 1 or temperature <= 0 or not len(train_vectors):
        raise ValueError(
            "nearest_neighbours needs k of 1 or more, a temperature above 0 and training vectors, "
            f"got {k}, {temperature:g} and {len(train_vectors)}."
        )
    known = normalize(train_vectors.float(), dim=1)
    scores = [vectors.new_zeros(0, train_targets.shape[1], dtype=torch.float)]
    for part in normalize(vectors.float(), dim=1).split(ROWS):
        cosines, nearest = (part @ known.T).topk(min(k, len(known)), dim=1)
        weights = (cosines / temperature).softmax(dim=1)  # (N, k)
        scores.append((weights[..., None] * train_targets[nearest].float()).sum(dim=1))
    return torch.cat(scores)


def linear_probe(
    vectors: Tensor,
    targets: Tensor,
    *,
    groups: Tensor,
    multi_label: bool = False,
    by_recall: bool = False,
) -> LinearProbe:
    """Logistic regression on standardised features.

    The penalty is chosen out of five by the loss on groups left out, in five parts at most that are alike in classes;
    with one group it is the middle one. The loss punishes a probe that is sure and wrong, so with two or three patients
    it may choose a penalty under which every answer is the most frequent class; where the likeliest class is all that
    counts, choose by recall. Where there are more than 5000 rows, it is chosen on every second, third, ...
    of them in single precision, and the fit to all of them starts from the fit to these. Nothing is drawn, so the same
    features give the same probe. Leave-one-out has no closed form here, and would cost a fit a row.

    Args:
        vectors: features of any scale.
        targets: 0 and 1 for each class: one-hot, or any number of ones with ``multi_label``.
        groups: numbers of the patients, whose rows stay together when the penalty is chosen.
        multi_label: whether classes exclude each other no more, so that each has a regression of its own.
        by_recall: choose the penalty by the mean recall of the classes instead; for classes that exclude each other.

    Shape:
        ``(n, E)``, ``(n, K)``, ``(n,)``.

    Raises:
        ValueError: if the numbers of rows differ or there are none, or recall is to choose with ``multi_label``.
    """
    if multi_label and by_recall:
        raise ValueError(
            "linear_probe by_recall is for classes that exclude each other; leave it out with multi_label."
        )
    lengths = [len(vectors), len(targets), len(groups)]
    if len(set(lengths)) > 1 or not lengths[0]:
        raise ValueError(f"linear_probe needs as many vectors as targets and groups, at least one, got {lengths}.")
    centre, scale = _standards(vectors.double())
    loss = binary_cross_entropy_with_logits if multi_label else cross_entropy
    rows = _Rows((vectors.double() - centre) / scale, targets.double(), loss)
    step = -(-len(rows.vectors) // ENOUGH)
    few = rows.every(step) if step > 1 else rows
    judge = mean_miss if by_recall else loss
    strengths = STRENGTHS[: _best_strength(few, inner_folds(targets[::step], groups[::step]), judge=judge) + 1]
    *_, parameters = _fits(few, strengths)
    if step > 1:
        (parameters,) = _fits(rows, strengths[-1:], start=parameters)
    weight = parameters[:, :-1] / scale
    return LinearProbe(weight.float(), (parameters[:, -1] - weight @ centre).float(), strengths[-1])


def mean_miss(logits: Tensor, targets: Tensor) -> Tensor:
    """Share of each class's rows whose likeliest class is another one, as a mean of the classes that there are.

    Shape:
        ``(n, K)``, ``(n, K)`` one-hot in, a scalar out.
    """
    missed = (logits.argmax(dim=1) != targets.argmax(dim=1)).to(targets)
    rows = targets.sum(dim=0)
    return (missed @ targets)[rows > 0].div(rows[rows > 0]).mean()


def inner_folds(targets: Tensor, groups: Tensor) -> Tensor:
    """Numbers of five parts or fewer, each group in one: groups are dealt out class by class.

    Shape:
        ``(n, K)``, ``(n,)`` in, ``(n,)`` out.
    """
    known, members = groups.unique(return_inverse=True)
    sums = targets.new_zeros(len(known), targets.shape[1], dtype=torch.float).index_add_(0, members, targets.float())
    order = sums.argmax(dim=1).argsort(stable=True)
    folds = torch.empty_like(order)
    folds[order] = torch.arange(len(known), device=order.device) % min(FOLDS, len(known))
    return folds[members]


class _Rows(NamedTuple):
    vectors: Tensor  # (n, E), standardised
    targets: Tensor
    loss: Callable[..., Tensor]

    def where(self, chosen: Tensor) -> _Rows:
        return self._replace(vectors=self.vectors[chosen], targets=self.targets[chosen])

    def every(self, step: int) -> _Rows:
        return self._replace(vectors=self.vectors[::step].float(), targets=self.targets[::step].float())

    def logits(self, parameters: Tensor) -> Tensor:
        """Parameters are ``(K, E + 1)``, biases last."""
        return linear(self.vectors, parameters[:, :-1], parameters[:, -1])

    def mean_loss(self, parameters: Tensor) -> Tensor:
        logits = self.logits(parameters)
        return self.loss(logits, self.targets, reduction="sum") / len(logits)


def _standards(vectors: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of each feature; one that does not vary will count nothing."""
    deviation, mean = torch.std_mean(vectors, dim=0, correction=0)
    return mean, deviation.where(deviation > VARIES * mean.abs().clamp(min=VARIES), torch.inf)


def _best_strength(rows: _Rows, folds: Tensor, *, judge: Callable[..., Tensor]) -> int:
    """Number of the strength that is judged lowest on parts left out, the strongest of equals."""
    if int(folds.max()) == 0:
        return len(STRENGTHS) // 2
    losses = torch.zeros(len(STRENGTHS)).to(rows.vectors)
    for fold in folds.unique():
        left_out, others = rows.where(folds == fold), rows.where(folds != fold)
        found = torch.stack([judge(left_out.logits(one), left_out.targets) for one in _fits(others, STRENGTHS)])
        losses += found * len(left_out.vectors)
    return int(losses.argmin())


def _fits(rows: _Rows, strengths: Sequence[float], *, start: Tensor | None = None) -> Iterator[Tensor]:
    """The best parameters for one strength after the other."""
    zeros = torch.zeros(rows.targets.shape[1], rows.vectors.shape[1] + 1)
    parameters = (zeros if start is None else start).to(rows.vectors).requires_grad_()
    for strength in strengths:
        _minimise(rows, parameters, strength=strength)
        yield parameters.detach().clone()


def _minimise(rows: _Rows, parameters: Tensor, *, strength: float) -> None:
    words: dict[str, Any] = {"max_iter": STEPS, "tolerance_grad": 1e-5, "line_search_fn": "strong_wolfe"}
    optimizer = torch.optim.LBFGS([parameters], **words)

    def closure() -> float:
        optimizer.zero_grad()
        loss = rows.mean_loss(parameters) + strength / 2 * parameters[:, :-1].square().sum()
        loss.backward()
        return loss.item()

    with torch.enable_grad():
        optimizer.step(closure)
