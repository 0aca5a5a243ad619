"""Pictures of where a network sees other planes cut an image, and of where in its stack it puts the image."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from ignite.engine import Engine
from torch import Tensor

from medssl.figures import PlaneExample, draw_plane_strips
from medssl.handlers.pictures import ImageStrips
from medssl.metrics import decode_lines

__all__ = ["PlaneStrips"]


class PlaneStrips(ImageStrips):
    """Draw the first validation images with true and predicted lines and heat maps after a validation.

    The place in the stack, true and predicted, stands beside each image. Either task may be missing.

    Args:
        path: the PNG, drawn anew each time.
        channels: what the guests are called.
        count: images drawn.
        every: draw after each n-th epoch.
        log_dir: TensorBoard folder to put the picture into as well; None for none.

    Shape:
        ``output["image"]`` is ``(N, C, W, H)``; ``lines`` of predictions and targets ``(N, G, W, H)``, ``location``
        ``(N, 1)``; beside the targets ``line_forms`` ``(N, G, 3)`` and ``pixel_axes`` ``(N, 2, 2)``.
    """

    def __init__(
        self,
        path: str | os.PathLike,
        *,
        channels: Sequence[str] = (),
        count: int = 4,
        every: int = 1,
        log_dir: str | os.PathLike | None = None,
    ) -> None:
        super().__init__(path, task="lines", count=count, every=every, log_dir=log_dir)
        self.channels = tuple(channels)

    def collect(self, engine: Engine) -> None:
        """Keep images until there are enough."""
        examples = self.rows.setdefault("examples", [])
        numbers = range(min(self.count - len(examples), len(engine.state.output["image"])))
        examples += [example(engine.state.output, number) for number in numbers]

    def draw(self) -> None:
        """Write the PNG."""
        draw_plane_strips(self.rows["examples"], path=self.path, channels=self.channels)


def example(output: Mapping[str, Any], number: int) -> PlaneExample:
    """One image of a batch with what is known and predicted of it.

    Args:
        output: of an engine, not decollated.
        number: which image.
    """
    predicted, true = (
        {task: _plain(values[number]) for task, values in output[side].items()} for side in ("pred", "label")
    )
    axes = true.get("pixel_axes", torch.eye(2))
    maps, forms = None, np.zeros((2, 0, 3))
    if "lines" in predicted:
        shown = torch.where(true["lines"].isnan(), torch.nan, predicted["lines"])  # not guests of other hosts
        maps = torch.stack([true["lines"], shown]).numpy()
        found = decode_lines(predicted["lines"][None], axes[None])[0]
        known = true["line_forms"].double()
        forms = torch.stack([known, torch.where(known.isnan(), torch.nan, found)]).numpy()
    words = [
        f"{name} {float(values['location']):.2f}"
        for name, values in (("place", true), ("found", predicted))
        if "location" in values and bool(values["location"].isfinite())
    ]
    image = _plain(output["image"][number])[0].numpy()
    return PlaneExample(image, axes.numpy(), maps, forms, ", ".join(words))


def _plain(tensor: Tensor) -> Tensor:
    return torch.as_tensor(tensor).detach().float().cpu()
