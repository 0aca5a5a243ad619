"""What the encoder knows of classes while it is pre-trained without them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

import torch
from ignite.engine import Engine, Events
from monai.data import MetaTensor
from torch import Tensor, nn
from torch.nn.functional import one_hot

from medssl.data import split_cases
from medssl.handlers.randomness import capture_random_state, restore_random_state
from medssl.metrics import linear_probe, nearest_neighbours
from medssl.networks import EncoderFeatures

__all__ = ["ProbeClasses"]

logger = logging.getLogger(__name__)


class ProbeClasses:
    """Measure now and then how well a frozen copy of the knowledge names classes, on a small labelled list.

    Half of the patients are learnt from and half are asked; ``probe_knn`` and ``probe_linear`` are the shares of images
    named right by :func:`medssl.metrics.nearest_neighbours` and :func:`medssl.metrics.linear_probe`, beside
    ``probe_majority``, the share of the commonest class. The run does not feel it: weights, modes and random states
    are as before. List it first among the evaluator's handlers, so that every log has the numbers.

    Args:
        network: anything with an ``encoder``.
        cases: each with ``image``, ``class`` and ``patient``, as :func:`medssl.data.find_cases` gives them.
        preprocessing: makes the image ``(C, *S)`` of a case, see :func:`medssl.weights.feature_preprocessing`.
        interval: epochs between measurements, at least 1.
        seed: of the halves, 0 or more.
        by_slice: whether the encoder sees a stack slice by slice.

    Raises:
        ValueError: if the network has no encoder, the interval is below 1, or a case has no class.
    """

    def __init__(
        self,
        network: nn.Module,
        cases: Sequence[dict[str, Any]],
        *,
        preprocessing: Callable[[Any], Any],
        interval: int = 1,
        seed: int = 0,
        by_slice: bool = False,
    ) -> None:
        if not isinstance(getattr(network, "encoder", None), nn.Module) or interval < 1:
            raise ValueError(
                "ProbeClasses needs a network with an `encoder` and an interval of 1 epoch or more, "
                f"got {type(network).__name__} and {interval}."
            )
        without = sum("class" not in case for case in cases)
        if without or not cases:
            raise ValueError(f"ProbeClasses needs a class for each case, {without} of {len(cases)} have none.")
        self.network: Any = network
        self.halves = split_cases(cases, val_fraction=0.5, seed=seed)
        self.classes = 1 + max(int(case["class"]) for case in cases)
        self.preprocessing = preprocessing
        self.interval = interval
        self.by_slice = by_slice

    def attach(self, engine: Engine) -> None:
        """Measure after a validation."""
        engine.add_event_handler(Events.EPOCH_COMPLETED, self)

    def __call__(self, engine: Engine) -> None:
        """Add the numbers to the metrics of this validation."""
        for name in ("probe_knn", "probe_linear", "probe_majority"):
            engine.state.metrics.pop(name, None)
        if engine.state.epoch % self.interval:
            return
        random_state = capture_random_state()
        modes = {part: part.training for part in self.network.encoder.modules()}
        self.network.encoder.eval()
        try:
            engine.state.metrics.update(self.measure())
        finally:
            for part, training in modes.items():
                part.training = training
            restore_random_state(random_state)

    def measure(self) -> dict[str, float]:
        """The three shares."""
        known, asked = (self.vectors(self.halves[half]) for half in ("train", "val"))
        targets, truth = (self.targets(self.halves[half]) for half in ("train", "val"))
        names = [case["patient"] for case in self.halves["train"]]
        groups = torch.tensor([names.index(name) for name in names])
        answers = {
            "knn": nearest_neighbours(known, targets, vectors=asked),
            "linear": linear_probe(known, targets, groups=groups)(asked),
        }
        right = {f"probe_{name}": share(scores, truth.argmax(dim=1)) for name, scores in answers.items()}
        return {**right, "probe_majority": float(truth.mean(dim=0).max())}

    @torch.inference_mode()
    def vectors(self, cases: Sequence[dict[str, Any]]) -> Tensor:
        """One vector a case, ``(N, E)``."""
        encoder = self.network.encoder
        features = EncoderFeatures(encoder, by_slice=self.by_slice)
        device = next(encoder.parameters()).device
        images = (torch.as_tensor(self.preprocessing({"image": case["image"]})["image"])[None] for case in cases)
        plain = (image.as_tensor() if isinstance(image, MetaTensor) else image for image in images)
        return torch.cat([features(image.float().to(device)).float().cpu() for image in plain]).clone()

    def targets(self, cases: Sequence[dict[str, Any]]) -> Tensor:
        """0 and 1 for each class of each case, ``(N, K)``."""
        return one_hot(torch.tensor([int(case["class"]) for case in cases]), self.classes).float()


def share(scores: Tensor, truth: Tensor) -> float:
    """Share of the rows whose largest score is that of the true class."""
    return float((scores.argmax(dim=1) == truth).float().mean())
