"""Pictures of what the network sees and makes of it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from ignite.engine import Engine, Events
from matplotlib.image import imread
from torch import Tensor
from torch.utils.tensorboard import SummaryWriter

from medssl.figures import draw_overlay, draw_strips

__all__ = ["ImageStrips", "MaskOverlay"]


class ImageStrips:
    """Draw rows of input, prediction and target of the first validation images after a validation.

    Args:
        path: the PNG, drawn anew each time.
        task: key of the prediction and of the target.
        count: images drawn.
        every: draw after each n-th epoch.
        log_dir: TensorBoard folder to put the picture into as well; None for none.
    """

    def __init__(
        self,
        path: str | os.PathLike,
        *,
        task: str = "volume",
        count: int = 6,
        every: int = 1,
        log_dir: str | os.PathLike | None = None,
    ) -> None:
        self.path = Path(path)
        self.task = task
        self.count = count
        self.every = every
        self.log_dir = log_dir
        self.rows: dict[str, list[np.ndarray]] = {}

    def attach(self, engine: Engine) -> None:
        """Collect within a validation, draw after it; attach to the evaluator."""
        engine.add_event_handler(Events.EPOCH_STARTED, self.clear)
        engine.add_event_handler(Events.ITERATION_COMPLETED, self.collect)
        engine.add_event_handler(Events.EPOCH_COMPLETED, self)

    def clear(self, engine: Engine) -> None:
        """Forget the last validation's images."""
        self.rows = {"input": [], "restored": [], "original": []}

    def collect(self, engine: Engine) -> None:
        """Keep images until there are enough."""
        output = engine.state.output
        if self.task not in output["pred"] or len(self.rows["input"]) >= self.count:
            return
        for name, images in (
            ("input", output["image"]),
            ("restored", output["pred"][self.task]),
            ("original", output["label"][self.task]),
        ):
            self.rows[name] += [to_array(image) for image in images[: self.count - len(self.rows[name])]]

    def __call__(self, engine: Engine) -> None:
        """Draw, and hand the picture to TensorBoard."""
        if not self.rows["input"] or engine.state.epoch % self.every:
            return
        draw_strips(self.rows, path=self.path)
        if self.log_dir is not None:
            with SummaryWriter(log_dir=str(self.log_dir)) as writer:
                writer.add_image("strips", imread(self.path)[..., :3], engine.state.epoch, dataformats="HWC")


class MaskOverlay:
    """Draw the first validation volume in three planes, with the true and the predicted mask over it.

    Args:
        path: the PNG, drawn anew after each validation.
        names: what labels 1, 2, ... are called.
        window_hu: Hounsfield units that the values 0 and 1 stand for.

    Shape:
        Attach to an evaluator of volumes whose decollated predictions and labels are one-hot, ``(K, *S)``.
    """

    def __init__(
        self, path: str | os.PathLike, names: Sequence[str], *, window_hu: Sequence[float] = (-1000, 1000)
    ) -> None:
        self.path = Path(path)
        self.names = tuple(names)
        self.low, self.high = window_hu

    def attach(self, engine: Engine) -> None:
        """Draw the first iteration's volume."""
        engine.add_event_handler(Events.ITERATION_COMPLETED, self)

    def __call__(self, engine: Engine) -> None:
        """Draw, once a validation."""
        if (engine.state.iteration - 1) % engine.state.epoch_length:
            return
        output = engine.state.output[0]
        masks = {"true": output["label"], "predicted": output["pred"]}
        draw_overlay(
            to_array(output["image"]) * (self.high - self.low) + self.low,
            {name: np.asarray(mask.argmax(dim=0).cpu()) for name, mask in masks.items()},
            path=self.path,
            names=self.names,
            affine=np.asarray(output["image"].affine) if hasattr(output["image"], "affine") else None,
        )


def to_array(image: Tensor) -> np.ndarray:
    """First channel as an array."""
    return image[0].detach().float().cpu().numpy()
