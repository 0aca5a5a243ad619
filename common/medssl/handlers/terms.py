"""Loss terms of a training iteration, in the form that bars, logs and histories ask for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from weakref import ref

import torch
from torch import Tensor

__all__ = ["LossTerms", "whole_output"]


def whole_output(output: Any) -> Any:
    """An engine's output of one iteration: the dictionary itself, or the first of a list of them.

    Args:
        output: of an engine; decollated outputs repeat what is not one a case, such as the loss, in each.
    """
    return output[0] if isinstance(output, list) else output


class LossTerms:
    """Whole loss and its parts of the iteration just done, as plain numbers, and what else is watched.

    Several handlers ask for the terms of one iteration; they are worked out once.

    Args:
        loss: the loss function of the run; its ``parts``, if it has any, are listed beside the whole.
        others: give more named numbers from the engine's output, such as :class:`medssl.handlers.MatchTerms`.

    Raises:
        ValueError: if the engine's output holds no scalar ``loss``.
    """

    def __init__(
        self, loss: Callable[..., Tensor], others: Sequence[Callable[[Any], Mapping[str, float]]] = ()
    ) -> None:
        self.loss = loss
        self.others = tuple(others)
        self.seen: Callable[[], Tensor | None] = lambda: None
        self.terms: dict[str, float] = {}

    def __call__(self, output: Mapping[str, Any] | list[Mapping[str, Any]]) -> dict[str, float]:
        """Read the terms from an engine's output, decollated or not."""
        first = whole_output(output)
        if "loss" not in first:
            raise ValueError(f"the engine's output needs a scalar 'loss', got {sorted(map(str, first))}.")
        whole = torch.as_tensor(first["loss"])
        if self.seen() is not whole:
            self.terms = {"loss": float(whole.detach()), **self.parts()}
            for other in self.others:
                self.terms |= other(first)
            self.seen = ref(whole)  # keeps no graph alive
        return dict(self.terms)

    def parts(self) -> dict[str, float]:
        """The loss's parts, if there is more than one."""
        parts: Mapping[str, Tensor] = getattr(self.loss, "parts", {})
        return {name: float(part.detach()) for name, part in parts.items()} if len(parts) > 1 else {}
