"""Two ways of putting perturbations together, each as one word of a config."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from monai.config import KeysCollection
from monai.transforms import Compose, OneOf

from medssl.transforms.elastic import RandSmoothElasticd
from medssl.transforms.flipping import RandRepeatedFlipd
from medssl.transforms.intensity import RandBezierIntensityd
from medssl.transforms.painting import RandInPaintd, RandOutPaintd
from medssl.transforms.shuffling import RandLocalShuffled

__all__ = ["layered_perturbations", "one_perturbation"]

Words = Mapping[str, Any]


def one_perturbation(
    keys: KeysCollection,
    *,
    weights: Sequence[float] = (1, 1, 1, 1),
    warp: Words | None = None,
    shuffle: Words | None = None,
    bend: Words | None = None,
    in_paint: Words | None = None,
    out_paint: Words | None = None,
) -> Compose:
    """Warp an image, then do exactly one of four things to it: shuffle, bend, in-paint or out-paint.

    Args:
        keys: entries to spoil alike.
        weights: how often each of the four is chosen, in that order; scaled to sum to 1.
        warp: words for :class:`RandSmoothElasticd`; ``{"prob": 0}`` for no warp.
        shuffle: words for :class:`RandLocalShuffled`; 5 windows unless it says otherwise.
        bend: words for :class:`RandBezierIntensityd`.
        in_paint: words for :class:`RandInPaintd`.
        out_paint: words for :class:`RandOutPaintd`.

    Source:
        Haghighi et al., Semantic Genesis, MICCAI 2020, self-restoration, with the numbers of its published program.
    """
    choices = [
        RandLocalShuffled(keys, **{"windows": 5, **(shuffle or {})}),
        RandBezierIntensityd(keys, **(bend or {})),
        RandInPaintd(keys, **(in_paint or {})),
        RandOutPaintd(keys, **(out_paint or {})),
    ]
    return Compose([RandSmoothElasticd(keys, **(warp or {})), OneOf(choices, weights=weights)])


def layered_perturbations(
    keys: KeysCollection,
    *,
    flip_keys: KeysCollection,
    flip: Words | None = None,
    shuffle: Words | None = None,
    bend: Words | None = None,
    in_paint: Words | None = None,
    out_paint: Words | None = None,
    paint_weights: Sequence[float] = (0.2, 0.8),
) -> Compose:
    """Flip, shuffle, bend, and in-paint or out-paint an image, one over the other, each with its own chance.

    Args:
        keys: entries to spoil alike.
        flip_keys: entries to flip together: what is spoiled and what it should be restored to.
        flip: words for :class:`RandRepeatedFlipd`; three flips at most, each with chance 0.4, unless it says otherwise.
        shuffle: words for :class:`RandLocalShuffled`; chance 0.5 and 10,000 windows unless it says otherwise.
        bend: words for :class:`RandBezierIntensityd`; chance 0.9 unless it says otherwise.
        in_paint: words for :class:`RandInPaintd`; chance 0.9 and up to 5 boxes unless it says otherwise.
        out_paint: words for :class:`RandOutPaintd`; chance 0.9 and up to 5 boxes unless it says otherwise.
        paint_weights: how often in-painting and out-painting are chosen; scaled to sum to 1.

    Source:
        Zhou et al., Models Genesis, Medical Image Analysis 2021, with the numbers of its published program.
    """
    paintings = [
        RandInPaintd(keys, **{"prob": 0.9, "boxes": 5, "first_prob": 0.95, **(in_paint or {})}),
        RandOutPaintd(keys, **{"prob": 0.9, "boxes": 5, **(out_paint or {})}),
    ]
    layers = [
        RandRepeatedFlipd(flip_keys, **(flip or {})),
        RandLocalShuffled(keys, **{"prob": 0.5, **(shuffle or {})}),
        RandBezierIntensityd(keys, **{"prob": 0.9, **(bend or {})}),
        OneOf(paintings, weights=paint_weights),
    ]
    return Compose(layers)
