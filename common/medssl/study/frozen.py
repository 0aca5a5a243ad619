"""A frozen encoder and what it says of images."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from monai.bundle import ConfigWorkflow
from monai.data import DataLoader, Dataset
from torch import Tensor

from medssl.networks import EncoderFeatures
from medssl.study.feature_cache import FeatureCache, weights_hash
from medssl.study.voxels import MapSamples

__all__ = ["Frozen"]

VOXELS = 1000  # of each class in an image


class Frozen:
    """A frozen encoder, what prepares its images, and what it has said of them.

    Args:
        workflow: of fine-tuning, initialised and not run.
        folder: where features are kept.
        made_so: what tells how images are prepared.
    """

    def __init__(self, workflow: ConfigWorkflow, *, folder: Path, made_so: str) -> None:
        part = workflow.parser.get_parsed_content
        self.network: Any = part("network").eval()
        self.preprocessing = part("validate#preprocessing")
        self.inferer = part("validate#inferer")
        self.device = torch.device(part("device"))
        self.loading = {"batch_size": int(part("batch_size")), "num_workers": int(part("num_workers"))}
        self.cache = FeatureCache(folder / f"{weights_hash(self.network.encoder)}_{made_so}")

    def vectors(self, cases: Sequence[Mapping[str, Any]]) -> Tensor:
        """One vector a case, ``(N, E)``: the coarsest map's mean."""
        return torch.stack(self.cache.features(cases, self._vectors))

    @torch.inference_mode()
    def _vectors(self, cases: Sequence[Mapping[str, Any]]) -> Iterator[Tensor]:
        features = EncoderFeatures(self.network.encoder, by_slice=self.network.by_slice)
        for batch in DataLoader(Dataset(cases, self.preprocessing), **self.loading):
            yield from self.inferer(plain(batch["image"]).to(self.device), features).cpu()

    def samples(self, cases: Sequence[Mapping[str, Any]]) -> list[Tensor]:
        """Some voxels of each case, as many of each class, ``(P, 1 + E)``: class and what all maps say."""
        return [one.float() for one in self.cache.features(cases, self._samples, keys=("image", "label"))]

    @torch.inference_mode()
    def _samples(self, cases: Sequence[Mapping[str, Any]]) -> Iterator[Tensor]:
        for item in Dataset(cases, self.preprocessing):
            image, label = plain(item["image"])[None].float(), plain(item["label"]).flatten().long()
            places = chosen_voxels(label)
            numbers = torch.zeros(label.shape)
            numbers[places] = torch.arange(1.0, len(places) + 1)
            sampling = MapSamples(self.network.encoder, len(places))
            joined = torch.cat([image, numbers.reshape(1, 1, *image.shape[2:])], dim=1)
            self.inferer(joined.to(self.device), sampling)
            yield torch.cat([label[places, None].float(), sampling.vectors()], dim=1).half()  # on disk


def chosen_voxels(label: Tensor) -> Tensor:
    """Places of as many voxels of every class, as far as there are; of the background, of all others together.

    Args:
        label: classes, ``(V,)``.

    Returns:
        Always the same places of one label, ``(P,)``.
    """
    generator = torch.Generator().manual_seed(0)
    classes = label.unique()
    places = []
    for one in classes:
        every = (label == one).nonzero()[:, 0]
        most = VOXELS * max(1, len(classes) - 1) if one == 0 else VOXELS
        places.append(every[torch.randperm(len(every), generator=generator)[:most]])
    return torch.cat(places)


def plain(image: Any) -> Tensor:
    """Without what is known of its place."""
    tensor = torch.as_tensor(image)
    return tensor.as_tensor() if hasattr(tensor, "as_tensor") else tensor
