"""What a network, or a constant, answers about a plane: where others cut it, where in its stack it lies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

__all__ = ["ConstantAnswers", "LineOutput", "LocationOutput"]


class ConstantAnswers:
    """The mean known target of every host view: what can be answered without looking at the image.

    Views are centred on what they are to show, so that this is not silly. Worked out when first asked for.

    Args:
        dataset: training items with ``host``, the number of the image's view, and the targets.
        tasks: keys of the targets.
    """

    def __init__(self, dataset: Any, tasks: Sequence[str] = ("lines", "location")) -> None:
        self.dataset = dataset
        self.tasks = tuple(tasks)
        self.means: dict[tuple[str, int], Tensor] = {}

    def __call__(self, task: str, hosts: Tensor) -> Tensor:
        """One answer an image; where a view has no known target among the training items, the mean over the others.

        NaN where no view has one.

        Args:
            task: key of the target.
            hosts: numbers of the images' views.

        Shape:
            ``(N,)`` in, ``(N, *target)`` out.
        """
        if not self.means:
            self.means = self.measure()
        overall = torch.stack([mean for key, mean in self.means.items() if key[0] == task]).nanmean(dim=0)
        means = torch.stack([self.means.get((task, host), overall) for host in hosts.flatten().tolist()])
        return torch.where(means.isnan(), overall, means)

    def measure(self) -> dict[tuple[str, int], Tensor]:
        """Go through the training items once."""
        sums: dict[tuple[str, int], Tensor] = {}  # sums over known values, and their number
        for number in range(len(self.dataset)):
            item = self.dataset[number]
            for task in self.tasks:
                target = torch.as_tensor(item[task]).double()
                counted = torch.stack([target.nan_to_num(0), (~target.isnan()).double()])
                key = task, int(item["host"])
                sums[key] = sums[key] + counted if key in sums else counted
        return {key: (total / count).float() for key, (total, count) in sums.items()}


class _Answers:
    def __init__(self, constant: ConstantAnswers | None = None) -> None:
        self.constant = constant

    def answers(self, task: str, output: Mapping[str, Any]) -> Tensor:
        return self.constant(task, output["label"]["host"]) if self.constant else output["pred"][task]


class LineOutput(_Answers):
    """Predicted maps and true lines from an engine's output; what :class:`medssl.metrics.LineError` asks for.

    Args:
        constant: answers instead of the network, if given.
    """

    def __call__(self, output: Mapping[str, Any]) -> dict[str, Tensor]:
        """Pick them out of a batch that was not decollated."""
        label = output["label"]
        return {
            "maps": self.answers("lines", output),
            "line_forms": label["line_forms"],
            "pixel_axes": label["pixel_axes"],
        }


class LocationOutput(_Answers):
    """Predicted and true slice locations from an engine's output; what :class:`medssl.metrics.LocationError` asks for.

    Args:
        constant: answers instead of the network, if given.
    """

    def __call__(self, output: Mapping[str, Any]) -> dict[str, Tensor]:
        """Pick them out of a batch that was not decollated."""
        label = output["label"]
        return {
            "answer": self.answers("location", output),
            "location": label["location"],
            "stack_mm": label["stack_mm"],
        }
