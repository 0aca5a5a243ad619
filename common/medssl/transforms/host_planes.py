"""One plane of a study as an image, and what it is to learn."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import torch
from monai.data import MetaTensor
from monai.transforms import MapTransform, Randomizable

__all__ = ["RandHostPlaned"]


class RandHostPlaned(Randomizable, MapTransform):
    """Draw a plane of a host, one of its frames, and for every channel one acquisition of the guest.

    Args:
        fixed: no draw: the first plane, its middle frame, the last acquisition of each guest.
        key: the entry for the image.

    Shape:
        ``{"planes", "guests", "host"}`` as :class:`medssl.data.StudyHosts` gives them. The result has the image
        ``(1, W, H, 1)``, float32, with its RAS affine; ``guests``, for every channel an affine ``(4, 4)`` or None;
        ``location`` in the stack and ``stack_mm``, its length, ``(1,)`` each, float32, NaN where unknown; ``host``.

    Source:
        Zhang et al., Self-supervised learning for medical image data with anatomy-oriented imaging planes, Medical
        Image Analysis 2024; one slice and one frame of a patient an epoch, as in its published program.
    """

    def __init__(self, fixed: bool = False, *, key: str = "image") -> None:
        MapTransform.__init__(self, key)
        self.fixed, self.key = fixed, key
        self.plane, self.frame, self.chosen = 0, 0, [0]

    def randomize(self, data: Any = None) -> None:
        self.plane = int(self.R.randint(len(data["planes"])))
        self.frame = int(self.R.randint(data["planes"][self.plane]["frames"]))
        self.chosen = [int(self.R.randint(max(1, len(guests)))) for guests in data["guests"]]

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        if self.fixed:
            self.plane, self.frame = 0, data["planes"][0]["frames"] // 2
            self.chosen = [-1] * len(data["guests"])
        else:
            self.randomize(data)
        plane = data["planes"][self.plane]
        values = np.load(plane["file"], mmap_mode="r")[self.frame].astype(np.float32)
        image = torch.from_numpy(values)[None, ..., None]
        return {
            self.key: MetaTensor(image, affine=torch.tensor(plane["affine"], dtype=torch.float64)),
            "guests": [
                np.array(guests[number]) if guests else None
                for guests, number in zip(data["guests"], self.chosen, strict=True)
            ],
            "location": _known(plane["location"]),
            "stack_mm": _known(plane["stack_mm"]),
            "host": data["host"],
        }


def _known(value: float | None) -> torch.Tensor:
    return torch.tensor([math.nan if value is None else value], dtype=torch.float32)
