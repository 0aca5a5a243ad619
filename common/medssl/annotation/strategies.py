"""Which image to label next: indices out of arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from scipy.spatial.distance import cdist
from scipy.stats import rankdata

__all__ = ["CHOICES", "Choice", "farthest_first", "farthest_uncertain", "most_uncertain"]

Choice = Callable[[Callable[[], np.ndarray], np.ndarray, Sequence[int]], int]


def farthest_first(features: np.ndarray, labelled: Sequence[int]) -> int:
    """The image that is farthest from the nearest labelled one; with none labelled, the one nearest to the mean.

    Choosing so again and again covers all images with balls whose radius is at most twice the smallest possible.

    Args:
        features: one vector an image, ``(N, E)``.
        labelled: indices of images that have a label.

    Returns:
        Its index; of equals the first.

    Raises:
        ValueError: if the features are no finite ``(N, E)``, an index is none of theirs, or every image is labelled.

    Source:
        Sener and Savarese, Active Learning for Convolutional Neural Networks: A Core-Set Approach, ICLR 2018,
        algorithm 1 (k-centre greedy).
    """
    return _largest(_distances(features, labelled), labelled)


def most_uncertain(scores: np.ndarray, labelled: Sequence[int]) -> int:
    """The image with the highest score.

    Args:
        scores: uncertainty of every image, ``(N,)``; NaN, where it is unknown, counts as the highest.
        labelled: indices of images that have a label.

    Returns:
        Its index; of equals the first.

    Raises:
        ValueError: if the scores are no ``(N,)``, an index is none of theirs, or every image is labelled.
    """
    return _largest(_ranks(scores, labelled), labelled)


def farthest_uncertain(features: np.ndarray, scores: np.ndarray, *, labelled: Sequence[int]) -> int:
    """The image with the largest product of distance to the nearest labelled one and rank of its uncertainty.

    A product wants both; ranks, because entropies shrink as a model learns while distances stay. With none labelled it
    is the image nearest to the mean, as for :func:`farthest_first`.

    Args:
        features: one vector an image, ``(N, E)``.
        scores: uncertainty of every image, ``(N,)``; NaN, where it is unknown, counts as the highest.
        labelled: indices of images that have a label.

    Returns:
        Its index; of equals the first.

    Raises:
        ValueError: if features and scores are not of the same images, an index is none of theirs, or every image is
            labelled.

    Source:
        After Settles and Craven, An Analysis of Active Learning Strategies for Sequence Labeling Tasks, EMNLP 2008,
        equation 13, where uncertainty is multiplied with how well an image represents the others.
    """
    if len(features) != len(scores):
        raise ValueError(f"needs a score for each of {len(features)} images, got {len(scores)}; score all of them.")
    away = _distances(features, labelled)
    return _largest(away * _ranks(scores, labelled) if len(labelled) else away, labelled)


def _distances(features: np.ndarray, labelled: Sequence[int]) -> np.ndarray:
    """How far each image is from the nearest labelled one; with none labelled, its closeness to the mean (below 0)."""
    features = np.asarray(features, dtype=np.float64)
    if features.ndim != 2 or not np.isfinite(features).all():
        raise ValueError(f"needs finite vectors (N, E), got shape {features.shape}; encode the images again.")
    if not len(labelled):
        return -np.linalg.norm(features - features.mean(axis=0), axis=1)
    _require_open(len(features), labelled)
    return cdist(features, features[np.asarray(labelled)]).min(axis=1)


def _ranks(scores: np.ndarray, labelled: Sequence[int]) -> np.ndarray:
    """Share of the images without a label that are at most as uncertain as each image, in (0, 1]."""
    scores = np.asarray(scores, dtype=np.float64)
    if scores.ndim != 1:
        raise ValueError(f"needs scores (N,), got shape {scores.shape}; give one an image.")
    _require_open(len(scores), labelled)
    waiting = np.setdiff1d(np.arange(len(scores)), np.asarray(labelled, dtype=int))
    shares = np.zeros(len(scores))
    shares[waiting] = rankdata(np.nan_to_num(scores[waiting], nan=np.inf), method="max") / len(waiting)
    return shares


def _largest(values: np.ndarray, labelled: Sequence[int]) -> int:
    _require_open(len(values), labelled)
    values = values.copy()
    values[np.asarray(labelled, dtype=int)] = -np.inf
    return int(values.argmax())


def _require_open(count: int, labelled: Sequence[int]) -> None:
    if len(labelled) and not (min(labelled) >= 0 and max(labelled) < count):
        raise ValueError(f"needs indices of {count} images, got {sorted(labelled)}; correct them.")
    if len(set(labelled)) >= count:
        raise ValueError(f"needs an image without a label, all {count} have one; add images.")


CHOICES: dict[str, Choice] = {  # features come from a function, for not every strategy needs what takes long
    "farthest": lambda features, scores, labelled: farthest_first(features(), labelled),
    "uncertain": lambda features, scores, labelled: most_uncertain(scores, labelled),
    "farthest_uncertain": lambda features, scores, labelled: farthest_uncertain(features(), scores, labelled=labelled),
}
