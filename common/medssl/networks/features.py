"""An encoder on its own: one vector, or one map, an image."""

from __future__ import annotations

from torch import Tensor, nn

__all__ = ["EncoderFeatures", "global_average"]


def global_average(image: Tensor) -> Tensor:
    """Mean over all spatial axes: ``(N, C, *S)`` in, ``(N, C)`` out."""
    return image.flatten(2).mean(dim=2)


class EncoderFeatures(nn.Module):
    """What an encoder knows of an image: its coarsest map, averaged over space.

    Args:
        encoder: gives a list of maps, coarsest last.
        pool: average to one vector an image; otherwise the map comes out as it is.

    Shape:
        ``(N, C, *S)`` in; ``(N, E)`` out, or ``(N, E, *s)`` without pooling, ``E = encoder.channels[-1]``.

    Source:
        Haghighi et al., Semantic Genesis, MICCAI 2020: the patient's feature in self-discovery.
    """

    def __init__(self, encoder: nn.Module, pool: bool = True) -> None:
        super().__init__()
        self.encoder = encoder
        self.pool = pool

    def forward(self, image: Tensor) -> Tensor:
        coarsest = self.encoder(image)[-1]
        return global_average(coarsest) if self.pool else coarsest
