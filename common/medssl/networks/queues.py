"""Keys of earlier batches, against which the present ones are told apart."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

__all__ = ["KeyQueue"]


class KeyQueue(nn.Module):
    """The last keys of unit length, first in, first out; at the start random directions.

    Args:
        length: of one key.
        size: number of keys.

    Attributes:
        keys: ``(E, Q)``, columns of unit length; saved with the network.
        pointer: where the next key goes.

    Raises:
        ValueError: if there is no room for a key; when keys come whose number does not divide the size.

    Source:
        He et al., Momentum Contrast, CVPR 2020, section 3.2, dictionary as a queue.
    """

    keys: Tensor
    pointer: Tensor
    step: Tensor
    written: Tensor

    def __init__(self, length: int, size: int) -> None:
        super().__init__()
        if length < 1 or size < 1:
            raise ValueError(f"KeyQueue needs at least one key of length 1, got {size} of length {length}.")
        self.register_buffer("keys", normalize(torch.randn(length, size), dim=0))
        self.register_buffer("pointer", torch.zeros(1, dtype=torch.long))
        self.register_buffer("step", torch.zeros((), dtype=torch.long))
        self.register_buffer("written", torch.zeros(size, dtype=torch.long))

    @property
    def age(self) -> float:
        """Steps since the oldest key was written; before the queue has gone round once, since the start."""
        return float(self.step - self.written.min())

    def require_divisor(self, count: int) -> None:
        """Make sure that batches of so many keys go round without one being cut.

        Args:
            count: keys in a batch, of all processes together.

        Raises:
            ValueError: if they do not.
        """
        size = self.keys.shape[1]
        if count < 1 or size % count:
            raise ValueError(
                f"the queue of {size} keys needs batches that divide it, got {count} keys a step (batch_size times "
                f"processes); choose a batch_size such as {_divisor(size, count)}, or another queue_size."
            )

    @torch.no_grad()
    def enqueue(self, keys: Tensor) -> None:
        """Write keys over the oldest ones.

        Args:
            keys: ``(N, E)``, of any length; N divides the queue's size.

        Raises:
            ValueError: if it does not.
        """
        self.require_divisor(len(keys))
        start = int(self.pointer)
        place = slice(start, start + len(keys))
        self.step += 1
        self.keys[:, place] = normalize(keys.to(self.keys), dim=1).T
        self.written[place] = self.step
        self.pointer[0] = (start + len(keys)) % self.keys.shape[1]


def _divisor(size: int, near: int) -> int:
    divisors = [number for number in range(1, size + 1) if size % number == 0]
    return min(divisors, key=lambda number: abs(number - near))
