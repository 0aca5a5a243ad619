"""Where in an image a network sees what it names."""

from __future__ import annotations

from typing import Any

import torch
from monai.inferers import Inferer
from monai.visualize import GradCAM
from torch import Tensor, nn

__all__ = ["CamInferer"]


class CamInferer(Inferer):
    """Class scores of images, and MONAI's Grad-CAM of the asked class of each.

    Works in an evaluator, which switches gradients off: they are on while a map is made. MONAI's ``SaliencyInferer``
    knows one class for all images, mixes the images of a batch where it is to be the predicted one, answers without the
    scores, and adds a hook to the network with every call.

    Args:
        target_layers: name of the layer whose map is weighted.

    Shape:
        Images ``(N, C, *S)`` and numbers of classes ``(N,)`` in, -1 for the predicted class; out a dictionary of
        ``heat``, ``(N, 1, *S)``, from 0 to 1 (0 everywhere if nothing speaks for the class), ``scores``, logits
        ``(N, K)``, and ``shown``, the classes of the maps, ``(N,)``.

    Raises:
        ValueError: if the network has no such layer.

    Source:
        Selvaraju et al., Grad-CAM, ICCV 2017; Haghighi et al., DiRA, CVPR 2022, weakly supervised localisation.
    """

    def __init__(self, target_layers: str = "encoder.layer4") -> None:
        self.target_layers = target_layers
        self.network: nn.Module | None = None
        self.cam: Any = None

    def __call__(
        self, inputs: Tensor, network: nn.Module, asked: Tensor, *args: Any, **kwargs: Any
    ) -> dict[str, Tensor]:
        """Score all images at once, then map them one by one."""
        if network is not self.network:
            self.cam, self.network = self.watch(network), network
        scores = network(inputs, *args, **kwargs).detach()
        asked = torch.as_tensor(asked, device=scores.device).long().reshape(-1)
        shown = torch.where(asked < 0, scores.argmax(dim=1), asked)
        with torch.enable_grad():
            maps = [self.cam(inputs[i : i + 1], int(shown[i]), *args, **kwargs).detach() for i in range(len(inputs))]
        network.zero_grad()
        return {"heat": torch.cat(maps), "scores": scores, "shown": shown}

    def watch(self, network: nn.Module) -> GradCAM:
        """Hook MONAI's Grad-CAM into a network."""
        if self.target_layers not in dict(network.named_modules()):
            raise ValueError(
                f"CamInferer needs the layer {self.target_layers!r}, the network has "
                f"{[name for name, _ in network.named_modules() if name.count('.') <= 1 and name]}; choose one of them."
            )
        return GradCAM(network, self.target_layers, postprocessing=up_to_one)


def up_to_one(heat: Tensor) -> Tensor:
    """Scale maps that are at least 0 so that each begins at 0 and ends at 1; those without contrast become 0."""
    low, high = heat.flatten(1).aminmax(dim=1)
    low, high = (each.reshape(-1, *[1] * (heat.ndim - 1)) for each in (low, high))
    return (heat - low) / (high - low).clamp(min=torch.finfo(heat.dtype).tiny)
