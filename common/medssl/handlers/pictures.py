"""Pictures of what the network sees and makes of it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from ignite.engine import Engine, Events
from matplotlib.image import imread
from torch import Tensor
from torch.utils.tensorboard import SummaryWriter

from medssl.figures import draw_outlines, draw_overlay, draw_strips

__all__ = ["ImageStrips", "MaskOverlay", "PlaneOverlay"]

SLICES = 4  # of a stack


class ImageStrips:
    """Draw rows of input, prediction and target of the first validation images after a validation.

    Args:
        path: the PNG, drawn anew each time.
        task: key of the prediction and of the target; without it only views are drawn, if there are any.
        views: views of each image that the input stacks; 0 for an input that is one image. Each is drawn in a column
            or, if every view is restored, in a row.
        count: images drawn.
        every: draw after each n-th epoch.
        log_dir: TensorBoard folder to put the picture into as well; None for none.

    Shape:
        ``output["image"]`` is ``(N, C, *S)``, with views ``(N, V, C, *S)``; what is restored is ``(N, C, *S)``, or of
        the input's shape. A flat image is ``(x, y)``: its first axis
        runs from left to right.
    """

    def __init__(
        self,
        path: str | os.PathLike,
        *,
        task: str = "volume",
        views: int = 0,
        count: int = 6,
        every: int = 1,
        log_dir: str | os.PathLike | None = None,
    ) -> None:
        self.path = Path(path)
        self.task = task
        self.views = views
        self.count = count
        self.every = every
        self.log_dir = log_dir
        self.rows: dict[str, list[Any]] = {}

    def attach(self, engine: Engine) -> None:
        """Collect within a validation, draw after it; attach to the evaluator."""
        engine.add_event_handler(Events.EPOCH_STARTED, self.clear)
        engine.add_event_handler(Events.ITERATION_COMPLETED, self.collect)
        engine.add_event_handler(Events.EPOCH_COMPLETED, self)

    def clear(self, engine: Engine) -> None:
        """Forget the last validation's images."""
        self.rows = {}

    def collect(self, engine: Engine) -> None:
        """Keep images until there are enough."""
        missing = self.count - max(map(len, self.rows.values()), default=0)
        for name, images in self.columns(engine.state.output).items():
            self.rows.setdefault(name, []).extend(to_array(image) for image in images[:missing])

    def columns(self, output: dict[str, Any]) -> dict[str, Tensor]:
        """What is drawn of a batch, by what the columns are called."""
        columns = {f"view {i + 1}": output["image"][:, i] for i in range(self.views)}
        if self.task not in output["pred"]:
            return columns
        answers = {"restored": output["pred"][self.task], "original": output["label"][self.task]}
        if self.views and answers["restored"].shape == output["image"].shape:
            return {name: each.flatten(0, 1) for name, each in {"input": output["image"], **answers}.items()}
        return (columns or {"input": output["image"]}) | answers

    def __call__(self, engine: Engine) -> None:
        """Draw, and hand the picture to TensorBoard."""
        if not self.rows or engine.state.epoch % self.every:
            return
        self.draw()
        if self.log_dir is not None:
            with SummaryWriter(log_dir=str(self.log_dir)) as writer:
                writer.add_image("strips", imread(self.path)[..., :3], engine.state.epoch, dataformats="HWC")

    def draw(self) -> None:
        """Write the PNG."""
        draw_strips(self.rows, path=self.path)


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


class PlaneOverlay:
    """Draw the first validation pictures, with the true mask over each and the outline of the predicted one.

    Of stacks some slices are drawn, evenly from end to end.

    Args:
        path: the PNG, drawn anew after each validation.
        names: what labels 1, 2, ... are called.
        count: pictures drawn.

    Shape:
        Attach to an evaluator of flat images or stacks whose decollated predictions and labels are one-hot,
        ``(K, x, y)`` or ``(K, x, y, slices)``.
    """

    def __init__(self, path: str | os.PathLike, names: Sequence[str], *, count: int = 8) -> None:
        self.path = Path(path)
        self.names = tuple(names)
        self.count = count
        self.kept: list[dict[str, np.ndarray]] = []

    def attach(self, engine: Engine) -> None:
        """Collect within a validation, draw after it; attach to the evaluator."""
        engine.add_event_handler(Events.EPOCH_STARTED, lambda engine: self.kept.clear())
        engine.add_event_handler(Events.ITERATION_COMPLETED, self.collect)
        engine.add_event_handler(Events.EPOCH_COMPLETED, self)

    def collect(self, engine: Engine) -> None:
        """Keep pictures until there are enough."""
        for item in engine.state.output[: self.count - len(self.kept)]:
            masks = {key: np.asarray(item[key].argmax(dim=0).cpu()) for key in ("label", "pred")}
            self.kept += _flat({"image": to_array(item["image"]), **masks})

    def __call__(self, engine: Engine) -> None:
        """Draw."""
        kept = self.kept[: self.count]
        images, truths, predictions = ([item[key] for item in kept] for key in ("image", "label", "pred"))
        draw_outlines(images, truths, predictions=predictions, path=self.path, names=self.names)


def to_array(image: Tensor) -> np.ndarray:
    """First channel as an array."""
    return image[0].detach().float().cpu().numpy()


def _flat(item: dict[str, np.ndarray]) -> list[dict[str, np.ndarray]]:
    """Pictures of one case: itself, or slices of a stack."""
    shape = item["image"].shape
    if len(shape) == 2:
        return [item]
    numbers = np.linspace(0, shape[2] - 1, min(SLICES, shape[2])).round().astype(int)
    return [{key: array[..., number] for key, array in item.items()} for number in numbers]
