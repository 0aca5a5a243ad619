"""The published layouts that we know."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from medssl.weights.anisotropic import ANATOMICAL_EMBEDDING
from medssl.weights.convolutional import CONVOLUTIONAL_UNET
from medssl.weights.layouts import Layout
from medssl.weights.report import listing
from medssl.weights.residual import CONTRASTED_RESNET, CONTRASTED_UNET, RESIDUAL_UNET, RESNET
from medssl.weights.windowed import WINDOWED

__all__ = ["LAYOUTS", "find_layout", "is_ours"]

LAYOUTS = (  # the first that fits counts
    CONVOLUTIONAL_UNET,
    CONTRASTED_UNET,
    RESIDUAL_UNET,
    CONTRASTED_RESNET,
    RESNET,
    WINDOWED,
    ANATOMICAL_EMBEDDING,
)


def is_ours(state: Mapping[str, Tensor]) -> bool:
    """Whether these tensors, without wrappers' prefixes, have our names."""
    known = any(layout.recognises(state) for layout in LAYOUTS)
    return not known and any(key.startswith("encoder.") for key in state)


def find_layout(state: Mapping[str, Tensor]) -> Layout:
    """The published layout that these tensors, without wrappers' prefixes, have.

    Raises:
        ValueError: if it is none that we know, or the names are ours.
    """
    for layout in LAYOUTS:
        if layout.recognises(state):
            return layout
    if is_ours(state):
        raise ValueError(f"needs a published file, got our own names {listing(list(state))}; use it as it is.")
    known = ", ".join(layout.name for layout in LAYOUTS)
    raise ValueError(
        f"needs a file in our layout (names begin with 'encoder.') or a published one ({known}), got names "
        f"{listing(list(state))}."
    )
