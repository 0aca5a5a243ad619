"""Tokens of a volume: the whole of it, its coarse places, and the coarse places that a decoder makes of them."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize
from torch.nn.init import trunc_normal_
from torch.nn.utils.parametrizations import weight_norm

from medssl.networks.features import global_average

__all__ = ["TokenHead", "TokenNetwork", "Tokens"]


class Tokens(NamedTuple):
    """Logits over prototypes: of each image ``(N, K)``, of the encoder's places ``(N, T, K)``, of the decoder's."""

    image: Tensor
    encoder: Tensor
    decoder: Tensor


class TokenHead(nn.Module):
    """Project an image's mean, its coarsest map and a map of the decoder onto the same prototypes.

    Args:
        channels: of the encoder's map, and so of its mean.
        map_channels: of the decoder's map.
        hidden: width of both hidden layers.
        bottleneck: length of the unit vectors that are compared with the prototypes.
        length: number of prototypes, ``K``.
        shared: whether images and places have the same prototypes.

    Shape:
        ``(N, channels, *s)`` and ``(N, map_channels, *t)`` in; :class:`Tokens` out, places in the order of the maps,
        in float32 under autocast too.

    Source:
        Jiang et al., Alice, ICCV 2023, projection heads: hidden 2048, bottleneck 256, length 512; layout as in Caron
        et al., DINO, ICCV 2021, and Zhou et al., iBOT, ICLR 2022. Prototypes are unit vectors: the length that weight
        normalisation could learn stays at 1.
    """

    def __init__(
        self,
        channels: int,
        map_channels: int,
        *,
        hidden: int = 2048,
        bottleneck: int = 256,
        length: int = 512,
        shared: bool = False,
    ) -> None:
        super().__init__()
        self.encoder_tokens = nn.Linear(channels, channels)
        self.decoder_tokens = nn.Linear(map_channels, channels)
        widths = ((channels, hidden), (hidden, hidden), (hidden, bottleneck))
        first, second, third = (_linear(*pair) for pair in widths)
        self.layers = nn.Sequential(first, nn.GELU(), second, nn.GELU(), third)
        self.last = _prototypes(bottleneck, length)
        self.token_last = None if shared else _prototypes(bottleneck, length)

    def forward(self, features: Tensor, decoded: Tensor) -> Tokens:
        places = self.last if self.token_last is None else self.token_last
        return Tokens(
            self._cosines(global_average(features), self.last),
            self._cosines(self.encoder_tokens(features.flatten(2).mT), places),
            self._cosines(self.decoder_tokens(decoded.flatten(2).mT), places),
        )

    def _cosines(self, vectors: Tensor, prototypes: nn.Module) -> Tensor:
        projected = self.layers(vectors)
        projected = projected.to(torch.promote_types(projected.dtype, torch.float32))
        with torch.autocast(vectors.device.type, enabled=False):  # in bfloat16 few values are left between -1 and 1
            return prototypes(normalize(projected, dim=-1))


class TokenNetwork(nn.Module):
    """Encoder and decoder that restore a volume and tell its tokens.

    Args:
        encoder: gives a list of maps, coarsest last; has ``channels``.
        decoder: has ``maps(features, count)``, its maps from coarse to fine, all or the first ones, and
            ``map_channels``.
        volume: makes the restored volume of the decoder's finest map.
        level: which of the encoder's maps has the places.
        decoded_level: which of the decoder's maps has the decoder's places.
        words: of the :class:`TokenHead`.

    Shape:
        ``(N, C, *S)`` in; the restored volume ``(N, C, *S)`` and :class:`Tokens` out.

    Source:
        Jiang et al., Alice, ICCV 2023, section 3. State keys begin with ``encoder.``, ``decoder.``, ``volume.`` or
        ``tokens.``.
    """

    def __init__(
        self,
        encoder: nn.Module,
        decoder: nn.Module,
        *,
        volume: nn.Module,
        level: int = -1,
        decoded_level: int = 0,
        **words: Any,
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.decoder: Any = decoder
        self.volume = volume
        channels: Any = encoder.channels
        map_channels: Any = self.decoder.map_channels
        self.tokens = TokenHead(channels[level], map_channels[decoded_level], **words)
        self.level = level
        self.decoded_level = decoded_level

    def forward(self, image: Tensor) -> tuple[Tensor, Tokens]:
        features = self.encoder(image)
        maps = self.decoder.maps(features)
        return self.volume(maps[-1]), self.tokens(features[self.level], maps[self.decoded_level])

    def restore(self, image: Tensor) -> Tensor:
        """The restored volume alone."""
        return self.volume(self.decoder(self.encoder(image)))

    def tell(self, image: Tensor) -> Tokens:
        """The tokens alone, without the work of restoring: ``(N, C, *S)`` in."""
        features = self.encoder(image)
        maps = self.decoder.maps(features, self.decoded_level + 1)
        return self.tokens(features[self.level], maps[-1])


def _linear(before: int, after: int) -> nn.Linear:
    layer = nn.Linear(before, after)
    trunc_normal_(layer.weight, std=0.02)
    nn.init.zeros_(layer.bias)
    return layer


def _prototypes(bottleneck: int, length: int) -> nn.Module:
    layer = weight_norm(nn.Linear(bottleneck, length, bias=False))
    scale: Any = layer.get_parameter("parametrizations.weight.original0")
    nn.init.ones_(scale)
    scale.requires_grad_(False)
    return layer
