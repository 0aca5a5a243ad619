"""A frozen encoder's maps under one linear layer a voxel."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import grid_sample, interpolate

__all__ = ["MapSamples", "ProbedMaps"]

LINEAR = {1: "linear", 2: "bilinear", 3: "trilinear"}


class ProbedMaps(nn.Module):
    """Class scores of every voxel, by one linear layer on all maps of an encoder, brought to the image's grid.

    The layer is applied to each map on its own grid and the answers are brought to the image's: the same numbers as
    from all maps side by side on the image's grid, at ``K`` instead of ``E`` values a voxel.

    Args:
        encoder: gives a list of maps that cover what the image covers.
        weight: of the layer, ``(K, E)``, ``E`` all maps' channels, in their order.
        bias: ``(K,)``.

    Shape:
        ``(N, C, *S)`` in, ``(N, K, *S)`` out.
    """

    weight: Tensor
    bias: Tensor

    def __init__(self, encoder: nn.Module, weight: Tensor, *, bias: Tensor) -> None:
        super().__init__()
        self.encoder = encoder
        self.register_buffer("weight", weight)
        self.register_buffer("bias", bias)

    def forward(self, image: Tensor) -> Tensor:
        maps = self.encoder(image)
        with torch.autocast(image.device.type, enabled=False):
            answers = self._on_the_grid(maps, image.shape[2:])
            return answers + self.bias.reshape(1, -1, *[1] * (image.ndim - 2))

    def _on_the_grid(self, maps: Sequence[Tensor], size: Sequence[int]) -> Tensor:
        layers = self.weight.split([one.shape[1] for one in maps], dim=1)
        answers = [torch.einsum("kc,nc...->nk...", layer, one.float()) for layer, one in zip(layers, maps, strict=True)]
        return torch.stack([interpolate(one, size=tuple(size), mode=LINEAR[len(size)]) for one in answers]).sum(dim=0)


class MapSamples(nn.Module):
    """What all maps of an encoder say of chosen voxels, gathered while an inferer goes over an image.

    A voxel that several windows see gets the mean of what it is in each.

    Args:
        encoder: gives a list of maps that cover what the image covers.
        count: how many voxels are chosen.

    Shape:
        ``(N, C + 1, *S)`` in: the image, and in the last channel 0, or from 1 on the number of a chosen voxel;
        zeros ``(N, 1, *S)`` out. :meth:`vectors` gives ``(count, E)``.
    """

    def __init__(self, encoder: nn.Module, count: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.count = count
        self.sums: Tensor | None = None
        self.seen = torch.zeros(count, 1)

    def forward(self, image: Tensor) -> Tensor:
        numbers = image[:, -1]
        maps = self.encoder(image[:, :-1])
        for item, chosen in enumerate(numbers):
            places = chosen.nonzero()
            if len(places):
                found = torch.cat([at_places(one[item], places, size=chosen.shape) for one in maps], dim=1)
                self._add(chosen[tuple(places.T)].long() - 1, found)
        return torch.zeros_like(image[:, :1])

    def vectors(self) -> Tensor:
        """What was gathered, number by number."""
        if self.sums is None or bool((self.seen == 0).any()):
            raise ValueError(f"{int((self.seen == 0).sum())} of {self.count} chosen voxels were in no window.")
        return self.sums / self.seen

    def _add(self, numbers: Tensor, found: Tensor) -> None:
        if self.sums is None:
            self.sums = torch.zeros(self.count, found.shape[1])
        self.sums.index_add_(0, numbers.cpu(), found.cpu())
        self.seen.index_add_(0, numbers.cpu(), torch.ones(len(numbers), 1))


def at_places(values: Tensor, places: Tensor, *, size: Sequence[int]) -> Tensor:
    """Values of a map at voxels of the image that it covers, as if it had been brought to the image's grid.

    Args:
        values: the map, ``(C, *s)``.
        places: indices of voxels, ``(P, axes)``.
        size: of the image.

    Returns:
        ``(P, C)``.
    """
    scale = torch.tensor([*size], device=places.device)
    grid = ((2 * places + 1) / scale - 1).flip(1)  # from -1 to 1, the last axis first
    grid = grid.reshape(1, len(places), *[1] * (len(size) - 1), len(size))
    found = grid_sample(values[None].float(), grid, mode="bilinear", padding_mode="border", align_corners=False)
    return found.reshape(len(values), len(places)).T
