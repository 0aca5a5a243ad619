"""What a batch gives to the network and to the loss."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from monai.engines import PrepareBatch
from torch import Tensor

from medssl.data import switch

__all__ = ["ClassOutput", "PrepareClasses", "PrepareTargets", "TaskOutput"]


class PrepareTargets(PrepareBatch):
    """Take the image and a dictionary of targets, one a task, out of a batch.

    Args:
        tasks: keys of the targets, the same keys as the network's predictions and the loss's terms.
        image_key: key of what the network sees.
        beside: keys of what the network takes beside it, in this order; a teacher's whole views, for example.

    Shape:
        ``batch[image_key]`` is ``(N, C, *S)``; targets keep their shapes.

    Raises:
        ValueError: if the batch lacks a target.
    """

    def __init__(self, tasks: Sequence[str], image_key: str = "image", *, beside: Sequence[str] = ()) -> None:
        self.tasks = tuple(tasks)
        self.image_key = image_key
        self.beside = tuple(beside)

    def __call__(
        self,
        batchdata: dict[str, Any],
        device: str | torch.device | None = None,
        non_blocking: bool = False,
        **kwargs: Any,
    ) -> Any:
        """Move image and targets to the device, as plain tensors.

        Returns:
            Image and targets, and, if there is something beside, that and no further words, as MONAI's engines ask.
        """
        keys = dict.fromkeys((self.image_key, *self.tasks, *self.beside))
        missing = [key for key in keys if key not in batchdata]
        if missing:
            raise ValueError(
                f"the batch needs {missing}, got {sorted(map(str, batchdata))}; see the preprocessing's keys."
            )
        moved = {
            key: torch.as_tensor(batchdata[key]).to(device=device, non_blocking=non_blocking, **kwargs) for key in keys
        }
        plain = {key: value.as_tensor() if hasattr(value, "as_tensor") else value for key, value in moved.items()}
        found = plain[self.image_key], {task: plain[task] for task in self.tasks}
        return (*found, tuple(plain[key] for key in self.beside), {}) if self.beside else found


class PrepareClasses(PrepareBatch):
    """Take the image and the number of its class out of a batch; what MONAI's engines then call ``label``.

    Args:
        multi_label: whether an image has any number of findings instead of one class.

    Shape:
        ``batch["image"]`` is ``(N, C, *S)``; ``batch["class"]`` holds ``N`` whole numbers, or with ``multi_label``
        ``N`` lists of ``K`` zeros and ones, which become ``(N, K)`` floats.

    Raises:
        TypeError: if ``multi_label`` is no truth value.
    """

    def __init__(self, *, multi_label: bool = False) -> None:
        self.targets = PrepareTargets(["class"])
        self.multi_label = switch(multi_label, "multi_label")

    def __call__(self, batchdata: dict[str, Any], *args: Any, **kwargs: Any) -> tuple[Tensor, Tensor]:
        """Move image and class to the device."""
        image, targets = self.targets(batchdata, *args, **kwargs)
        classes = targets["class"]
        return image, classes.float() if self.multi_label else classes.long().reshape(-1)


class ClassOutput:
    """Predicted and true classes of decollated outputs, both one-hot or scores; what ignite's accuracy asks for."""

    def __call__(self, output: Sequence[dict[str, Any]]) -> tuple[Tensor, Tensor]:
        """Stack the batch again."""
        scores = torch.stack([torch.as_tensor(item["pred"]) for item in output])
        return scores, torch.stack([torch.as_tensor(item["label"]).argmax() for item in output])


class TaskOutput:
    """Prediction and target of one task, from an engine's output; what ignite's metrics ask for.

    Args:
        task: key of the prediction and of the target.
    """

    def __init__(self, task: str) -> None:
        self.task = task

    def __call__(self, output: dict[str, Any]) -> tuple[Tensor, Tensor]:
        """Pick the pair out of the output."""
        return output["pred"][self.task], output["label"][self.task]
