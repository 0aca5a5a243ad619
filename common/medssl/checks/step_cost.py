"""Time and memory of one training step, measured on this machine with noise for images."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from medssl.checks.timing import seconds_per_call

__all__ = ["StepCost", "measure_step", "state_bytes"]


@dataclass(frozen=True)
class StepCost:
    """What a training step costs.

    Args:
        size: images in the batch that was measured.
        seconds: of a step with it.
        fixed: bytes of weights, gradients and optimiser.
        per_image: bytes that one image adds, at least: what is kept for the way back.
    """

    size: int
    seconds: float
    fixed: int
    per_image: int

    def batch_seconds(self, images: float) -> float:
        """Time for some images, taken to grow with their number.

        Args:
            images: how many.
        """
        return self.seconds * images / self.size

    def batch_bytes(self, images: int) -> int:
        """Memory for a batch, at least.

        Args:
            images: in the batch.
        """
        return self.fixed + images * self.per_image


def measure_step(
    forward: Callable[[Tensor], Any],
    optimizer: torch.optim.Optimizer,
    *,
    image: Tensor,
    batch: int,
    seconds: float = 3.0,
) -> StepCost:
    """Measure forward, backward and update with ever larger batches of one image, until the time is used up.

    The loss is left out; it costs little beside the network. Its gradients come from the mean of all that is given.

    Args:
        forward: the network.
        optimizer: of its parameters.
        image: one, with a batch axis, on the device.
        batch: images in a batch of the run, the largest that is tried.
        seconds: time for all.
    """

    def step(size: int) -> None:
        images = image.expand(size, *image.shape[1:]).clone()
        optimizer.zero_grad()
        with _kept_bytes() as kept:
            answers = list(_floats(forward(images)))
        torch.stack([answer.float().mean() for answer in answers if answer.requires_grad]).sum().backward()
        optimizer.step()
        float(answers[0].detach().flatten()[0])  # waits for the device
        per_image.append(sum(kept.values()) // size)

    per_image: list[int] = []
    size = min(2, batch)  # batch norms want two
    while True:
        needed = seconds_per_call(partial(step, size), seconds=seconds / 4, blocks=1)
        if size == batch or needed > seconds / 8:
            return StepCost(size, needed, state_bytes(optimizer), per_image[-1])
        size = min(batch, 4 * size)


def state_bytes(optimizer: torch.optim.Optimizer) -> int:
    """Bytes of the weights that an optimiser moves, of their gradients, and of what it remembers.

    Args:
        optimizer: after its first step, since it remembers nothing before.
    """
    weights = [weight for group in optimizer.param_groups for weight in group["params"]]
    moments = [value for state in optimizer.state.values() for value in state.values() if isinstance(value, Tensor)]
    gradients = [weight.grad for weight in weights if weight.grad is not None]
    return sum(tensor.numel() * tensor.element_size() for tensor in (*weights, *gradients, *moments))


@contextmanager
def _kept_bytes() -> Iterator[dict[int, int]]:
    """Count what a pass keeps for the way back, weights not counted: bytes by address, each tensor once."""
    kept: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        if not isinstance(tensor, nn.Parameter):
            storage = tensor.untyped_storage()
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, _same):
        yield kept


def _same(tensor: Tensor) -> Tensor:
    return tensor


def _floats(answer: Any) -> Iterator[Tensor]:
    if isinstance(answer, Tensor):
        yield from [answer] if answer.is_floating_point() else []
    elif isinstance(answer, Mapping):
        yield from (value for part in answer.values() for value in _floats(part))
    elif isinstance(answer, Sequence) and not isinstance(answer, str):
        yield from (value for part in answer for value in _floats(part))
