"""Volumes as a network sees every place of them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.functional import pad

from medssl.data import Embedded

__all__ = ["EmbeddedVolumes"]


class EmbeddedVolumes(Sequence):
    """Embeddings of volumes, one pass of the network for each, made when they are asked for.

    Args:
        network: gives ``fine`` and ``coarse`` maps, see :class:`medssl.networks.CorrespondenceNetwork`; works in
            evaluation mode, in float32. Its encoder's ``step`` tells what axes must be multiples of.
        dataset: items with an ``image``, values as the network has learnt to see them, with an affine.
        device: where the network is.
        outside: value of the voxels that are added at the upper ends, that of air.
        keep: how many of the last used stay in memory, at least 1.

    Shape:
        Images ``(1, x, y, z)``; :class:`medssl.data.Embedded` out.

    Raises:
        ValueError: if nothing is kept.
    """

    def __init__(
        self,
        network: nn.Module,
        dataset: Any,
        *,
        device: torch.device | str = "cpu",
        outside: float = -50.0,
        keep: int = 4,
    ) -> None:
        if keep < 1:
            raise ValueError(f"EmbeddedVolumes needs to keep at least 1, got {keep}.")
        self.network: Any = network
        self.dataset = dataset
        self.device = device
        self.outside = outside
        self.keep = keep
        self._kept: OrderedDict[int, Embedded] = OrderedDict()

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, index: Any) -> Any:
        index = range(len(self))[index]
        if index not in self._kept:
            while len(self._kept) >= self.keep:
                self._kept.popitem(last=False)
            self._kept[index] = self._embed(self.dataset[index]["image"])
        self._kept.move_to_end(index)
        return self._kept[index]

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_kept": OrderedDict()}

    @torch.no_grad()
    def _embed(self, image: Any) -> Embedded:
        shape, steps = tuple(image.shape[1:]), self.network.encoder.step
        missing = [-length % step for length, step in zip(shape, steps, strict=True)]
        ends = [amount for each in reversed(missing) for amount in (0, each)]
        volume = pad(image.as_tensor().to(self.device, torch.float32)[None], ends, value=self.outside)
        was_training = self.network.training
        with torch.autocast(volume.device.type, enabled=False):
            maps = self.network.eval()(volume)
        self.network.train(was_training)
        return Embedded(maps["fine"][0], maps["coarse"][0], np.asarray(image.affine, np.float64), shape)
