"""An encoder on its own: one vector, or one map, an image."""

from __future__ import annotations

from torch import Tensor, nn

from medssl.networks.slices import slices_of, stack_of

__all__ = ["EncoderFeatures", "global_average", "global_maximum"]


def global_average(image: Tensor) -> Tensor:
    """Mean over all spatial axes: ``(N, C, *S)`` in, ``(N, C)`` out."""
    return image.flatten(2).mean(dim=2)


def global_maximum(image: Tensor) -> Tensor:
    """Largest value of all spatial axes: ``(N, C, *S)`` in, ``(N, C)`` out."""
    return image.flatten(2).amax(dim=2)


class EncoderFeatures(nn.Module):
    """What an encoder knows of an image: its coarsest map, averaged over space.

    Args:
        encoder: gives a list of maps, coarsest last.
        pool: average to one vector an image; otherwise the map comes out as it is.
        by_slice: whether images are stacks ``(N, C, W, H, S)``, of which an encoder of planes sees every slice; the
            vector is the mean over the slices too.

    Shape:
        ``(N, C, *S)`` in; ``(N, E)`` out, or ``(N, E, *s)`` without pooling, ``E = encoder.channels[-1]``; by slice
        that is ``(N, E, w, h, S)``.

    Source:
        Haghighi et al., Semantic Genesis, MICCAI 2020: the patient's feature in self-discovery.
    """

    def __init__(self, encoder: nn.Module, pool: bool = True, *, by_slice: bool = False) -> None:
        super().__init__()
        self.encoder = encoder
        self.pool = pool
        self.by_slice = by_slice

    def forward(self, image: Tensor) -> Tensor:
        coarsest = self.encoder(slices_of(image) if self.by_slice else image)[-1]
        if self.by_slice:
            coarsest = stack_of(coarsest, image.shape[-1])
        return global_average(coarsest) if self.pool else coarsest
