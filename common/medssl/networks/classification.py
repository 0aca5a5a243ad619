"""A network that names what it sees."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from medssl.networks.heads import ClassificationHead
from medssl.networks.slices import slices_of, stack_of

__all__ = ["ClassificationNetwork"]


class ClassificationNetwork(nn.Module):
    """Encoder, mean over space, an optional layer norm, one linear layer: everything is fine-tuned.

    Args:
        encoder: gives a list of maps, coarsest last; has ``channels``.
        num_classes: number of logits; 1 for a binary question.
        dropout: chance of zeroing a value before the linear layer, in [0, 1).
        layer_norm: whether the mean is normalised, with a learned scale, before that.
        by_slice: whether images are stacks ``(N, C, W, H, S)``, of which an encoder of planes sees every slice; the
            mean is over the slices too.

    Shape:
        ``(N, C, *S)`` in, logits ``(N, num_classes)`` out. State keys: ``encoder.``, ``category.``.

    Source:
        Haghighi et al., Semantic Genesis, MICCAI 2020, classification targets. The published example puts a ReLU
        before the sigmoid, which silences negative logits; there is none here.
    """

    def __init__(
        self,
        encoder: nn.Module,
        num_classes: int,
        *,
        dropout: float = 0.0,
        layer_norm: bool = False,
        by_slice: bool = False,
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.by_slice = by_slice
        channels: Any = encoder.channels
        self.category = ClassificationHead(channels[-1], num_classes, dropout=dropout, layer_norm=layer_norm)

    def forward(self, image: Tensor) -> Tensor:
        features = self.encoder(slices_of(image) if self.by_slice else image)
        if self.by_slice:
            features = [stack_of(one, image.shape[-1]) for one in features]
        return self.category(features)
