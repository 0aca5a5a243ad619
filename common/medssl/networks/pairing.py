"""Two views of each image, and what the second one is compared by."""

from __future__ import annotations

import copy
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from medssl.networks.gathering import gathered, process_count, scattered_shuffle
from medssl.networks.multitask import MultiTaskNetwork
from medssl.networks.queues import KeyQueue

__all__ = ["Match", "MomentumPairing", "PairedNetwork", "QueuedMatch", "SharedPairing"]


class Match(NamedTuple):
    """What belongs together: ``(N, E)`` and ``(N, E)``, of any length; a loss takes both."""

    query: Tensor
    key: Tensor


class QueuedMatch(NamedTuple):
    """What belongs together, and the keys of other images, ``(E, Q)``, which do not."""

    query: Tensor
    key: Tensor
    queue: Tensor


class PairedNetwork(nn.Module):
    """A network that answers to the first view; its embedding is put beside that of the second.

    Args:
        network: has an ``encoder`` and answers by task.
        pairing: makes the pair of embeddings, see :class:`MomentumPairing` and :class:`SharedPairing`.
        task: key of the embedding.

    Shape:
        Two views of each image, ``(N, 2, C, *S)``, in; a dictionary of each task's answer out, that of ``task`` a
        :class:`Match` or :class:`QueuedMatch`.

    Raises:
        ValueError: if there are not two views.

    Source:
        Haghighi et al., DiRA, CVPR 2022, section 3: one encoder for discrimination and restoration.
    """

    def __init__(self, network: MultiTaskNetwork, pairing: nn.Module, *, task: str = "embedding") -> None:
        super().__init__()
        self.network = network
        self.pairing = pairing
        self.task = task

    def forward(self, image: Tensor) -> dict[str, Any]:
        if image.ndim < 4 or image.shape[1] != 2:
            raise ValueError(f"PairedNetwork needs two views (N, 2, C, *S), got {list(image.shape)}; stack them first.")
        answers: dict[str, Any] = self.network(image[:, 0])
        return answers | {self.task: self.pairing(self.network, answers[self.task], image[:, 1])}


class MomentumPairing(nn.Module):
    """Embed the second view by a slowly following copy of the network, and give a queue of earlier keys along.

    The copy has only what the embedding needs. How it follows, and when keys enter the queue, is up to handlers, so
    that validation changes neither.

    Args:
        network: what is copied at the start.
        queue_size: number of earlier keys.
        length: of an embedding.
        task: key of the embedding.

    Attributes:
        follower: the copy.
        queue: the keys, a :class:`KeyQueue`.

    Source:
        He et al., Momentum Contrast, CVPR 2020, section 3; Haghighi et al., DiRA, CVPR 2022. The copy of the published
        program has a decoder too, whose output is thrown away.
    """

    def __init__(self, network: MultiTaskNetwork, *, queue_size: int, length: int, task: str = "embedding") -> None:
        super().__init__()
        head = network.get_submodule(task)
        self.follower = MultiTaskNetwork(copy.deepcopy(network.encoder), vector_heads={task: copy.deepcopy(head)})
        self.follower.requires_grad_(False)
        self.queue = KeyQueue(length, queue_size)
        self.task = task

    def forward(self, network: nn.Module, query: Tensor, view: Tensor) -> QueuedMatch:
        with torch.no_grad():
            key = self._keys(view)
        return QueuedMatch(query, key, self.queue.keys.detach().clone())

    def _keys(self, view: Tensor) -> Tensor:
        if not self.training or process_count() == 1:
            return self.follower(view)[self.task]
        mixed, back = scattered_shuffle(view)
        return gathered(self.follower(mixed)[self.task])[back]


class SharedPairing(nn.Module):
    """Embed the second view by the same network, with gradients; no other images are needed.

    Args:
        predictor: foretells the other view's embedding, which then passes no gradients, from either side; without it
            the two embeddings are compared as they are.
        task: key of the embedding.

    Source:
        Zbontar et al., Barlow Twins, ICML 2021 (no predictor); Chen and He, SimSiam, CVPR 2021 (predictor and
        stopped gradients, both directions); Haghighi et al., DiRA, CVPR 2022, section 4.
    """

    def __init__(self, predictor: nn.Module | None = None, *, task: str = "embedding") -> None:
        super().__init__()
        self.predictor = predictor
        self.task = task

    def forward(self, network: Any, query: Tensor, view: Tensor) -> Match:
        key = network.get_submodule(self.task)(network.encoder(view))
        if self.predictor is None:
            return Match(query, key)
        foretold = torch.cat([self.predictor(query), self.predictor(key)])
        return Match(foretold, torch.cat([key, query]).detach())
