"""A student that sees spoiled views, and the slow teacher that it learns from."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from medssl.networks.completion import CrossCompletion
from medssl.networks.gathering import process_count
from medssl.networks.tokens import TokenHead, TokenNetwork, Tokens

__all__ = ["CentredTargets", "Distilled", "DistilledNetwork"]


class Distilled(NamedTuple):
    """The student's logits and what they should say, probabilities that pass no gradients, both ``(..., K)``."""

    student: Tensor
    target: Tensor


class CentredTargets(nn.Module):
    """Sharp targets from a teacher's logits, none of which is favoured for long.

    Without the centre, one prototype would win everywhere; without sharpness, all would be equally likely. Handlers
    move both.

    Args:
        length: number of prototypes, ``K``.
        temperature: divides the logits; the smaller, the sharper.

    Attributes:
        centre: slow mean of the teacher's logits, ``(K,)``.

    Shape:
        ``(..., K)`` in and out, probabilities without gradients.

    Raises:
        ValueError: if the temperature is not above 0.

    Source:
        Caron et al., DINO, ICCV 2021, section 3.1; Jiang et al., Alice, ICCV 2023.
    """

    centre: Tensor

    def __init__(self, length: int, *, temperature: float = 0.008) -> None:
        super().__init__()
        if temperature <= 0:
            raise ValueError(f"CentredTargets needs a temperature above 0, got {temperature:g}.")
        self.register_buffer("centre", torch.zeros(length))
        self.temperature = temperature

    def forward(self, logits: Tensor) -> Tensor:
        # In bfloat16 such small temperatures would leave a few distinct values.
        return ((logits.detach().float() - self.centre) / self.temperature).softmax(dim=-1)


class DistilledNetwork(nn.Module):
    """Restore masked views, and foretell what the teacher says of whole ones: across patients, and place by place.

    The class token of one view should say what the teacher's says of the other view, which is the same anatomy in
    another patient. The tokens of a masked view, completed by attention to its decoder's tokens, should say what they
    say when completed by the teacher's.

    Args:
        network: the student.
        completion: completes tokens; without it the student's and the teacher's encoder tokens are compared as they
            are.
        length: number of prototypes of the student's tokens.
        shared: whether the teacher has one set of prototypes for images and places, which then follows the student's
            set for images.
        crosswise: whether class tokens are compared across the two views; otherwise within each.
        attend_to: ``"decoder"`` or ``"encoder"``: which of the teacher's tokens complete its side.
        tasks: which of ``embedding``, ``tokens`` and ``volume`` are learnt; parts of the heads that none of them needs
            rest. With the last alone there is nothing to distil, and no tokens are told. It may be left out in a single
            process only.

    Attributes:
        follower: the teacher, a copy of the student at the start, never trained; handlers move it.
        targets: by task, makes targets of the teacher's logits, a :class:`CentredTargets`.

    Shape:
        Masked and whole views ``(N, 2, C, *S)`` in; a dictionary out: ``volume`` ``(N, 2, C, *S)``, ``embedding`` and
        ``tokens``, each :class:`Distilled`, ``(N, 2, K)`` and ``(N, 2, T, K)``, and ``teacher``, by task the logits
        behind their targets, and as ``alone`` what the student's tokens are without anything to attend to.

    Raises:
        ValueError: if there are not two views of each, ``attend_to`` is another word, or several processes are to
            train what is not to restore.

    Source:
        Jiang et al., Alice, ICCV 2023, section 3, figure 2 and published program, which differ: docs/methods/alice.md.
    """

    def __init__(
        self,
        network: TokenNetwork,
        completion: CrossCompletion | None = None,
        *,
        length: int = 512,
        shared: bool = True,
        crosswise: bool = True,
        attend_to: str = "decoder",
        tasks: Sequence[str] = ("embedding", "tokens", "volume"),
    ) -> None:
        super().__init__()
        if attend_to not in ("decoder", "encoder"):
            raise ValueError(f"attend_to is 'decoder' or 'encoder', got {attend_to!r}.")
        if "volume" not in tasks and process_count() > 1:
            raise ValueError(
                f"several processes need a weight above 0 of the task volume, got the tasks {list(tasks)}: each would "
                "wait for gradients of what only restoration teaches; give it a small weight, or start one process."
            )
        self.network = network
        self.follower = _follower(network, shared=shared)
        self.completion = completion
        self.targets = nn.ModuleDict({task: CentredTargets(length) for task in ("embedding", "tokens")})
        self.crosswise = crosswise
        self.attend_to = attend_to
        self.distils = any(task in tasks for task in self.targets)
        for part in _resting(network.tokens, completion, tasks=tasks):
            part.requires_grad_(False)

    def train(self, mode: bool = True) -> DistilledNetwork:
        """Switch all but the teacher, which never drops anything."""
        super().train(mode)
        self.follower.eval()
        return self

    def forward(self, image: Tensor, whole: Tensor) -> dict[str, Any]:
        if image.ndim < 5 or image.shape[1] != 2 or image.shape != whole.shape:
            shapes = list(image.shape), list(whole.shape)
            raise ValueError(f"DistilledNetwork needs masked and whole views, each (N, 2, C, *S), got {shapes}.")
        if not self.distils:
            return {"volume": _by_pair(self.network.restore(image.flatten(0, 1)))}
        volume, student = self.network(image.flatten(0, 1))
        with torch.no_grad():
            teacher = self.follower.tell(whole.flatten(0, 1))
        told = {"embedding": teacher.image, **self._teacher_tokens(student, teacher)}
        told = {task: _by_pair(logits) for task, logits in told.items()}
        own = {"embedding": _by_pair(student.image), "tokens": _by_pair(self._completed(student))}
        own["embedding"] = own["embedding"].flip(1) if self.crosswise else own["embedding"]
        distilled = {task: Distilled(own[task], target(told[task])) for task, target in self.targets.items()}
        return {"volume": _by_pair(volume), **distilled, "teacher": told}

    def _completed(self, student: Tokens) -> Tensor:
        return student.encoder if self.completion is None else self.completion(student.encoder, student.decoder)

    @torch.no_grad()
    def _teacher_tokens(self, student: Tokens, teacher: Tokens) -> dict[str, Tensor]:
        if self.completion is None:
            return {"tokens": teacher.encoder}
        others = teacher.decoder if self.attend_to == "decoder" else teacher.encoder
        completed = self.completion(student.encoder, others)
        return {"tokens": completed, "alone": self.completion.alone(student.encoder)}


def _by_pair(rows: Tensor) -> Tensor:
    return rows.unflatten(0, (-1, 2))


def _resting(head: TokenHead, completion: nn.Module | None, *, tasks: Sequence[str]) -> list[nn.Module]:
    """What no task teaches: several processes would wait for its gradients."""
    resting: list[nn.Module | None] = []
    if not {"embedding", "tokens"} & {*tasks}:
        resting += [head]
    if "embedding" not in tasks and head.token_last is not None:
        resting += [head.last]
    if "tokens" not in tasks:
        resting += [head.encoder_tokens, head.token_last, completion]
    if "tokens" not in tasks or completion is None:
        resting += [head.decoder_tokens]
    return [part for part in resting if part is not None]


def _follower(network: TokenNetwork, *, shared: bool) -> TokenNetwork:
    follower = copy.deepcopy(network)
    if shared:
        follower.tokens.token_last = None
    follower.requires_grad_(False)
    return follower.eval()
