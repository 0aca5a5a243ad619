"""A bundle's encoder, ready to use."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import nn

from medssl.weights.loading import SCRATCH, load_weights
from medssl.weights.opening import open_config
from medssl.weights.reading import read_checkpoint

__all__ = ["feature_preprocessing", "load_encoder"]


def load_encoder(
    bundle: str | os.PathLike, weights: str | os.PathLike = "models/pretrained.pt"
) -> tuple[nn.Module, Any]:
    """The encoder of a bundle with its weights, in evaluation mode, and the preprocessing that it was trained with.

    Args:
        bundle: the bundle's folder.
        weights: file with the encoder's weights, from the bundle's folder unless absolute, or ``"scratch"``.

    Returns:
        The encoder, which gives a list of maps, coarsest last, and the preprocessing of ``configs/features.json``.

    Raises:
        ValueError: if the folder is no bundle that has an encoder, or the weights do not fit.

    Example:
        >>> encoder, preprocessing = load_encoder("bundles/NAME")  # doctest: +SKIP
        >>> image = preprocessing({"image": "ct.nii.gz"})["image"]  # doctest: +SKIP
        >>> maps = encoder(image[None, :, :64, :64, :32])  # doctest: +SKIP
    """
    parser = open_config(bundle, "features")
    network = parser.get_parsed_content("network_def")
    if str(weights) != SCRATCH:
        load_weights(network, read_checkpoint(Path(bundle) / weights), parts=("encoder",), source=Path(weights).name)
    return network.encoder.eval(), parser.get_parsed_content("preprocessing")


def feature_preprocessing(bundle: str | os.PathLike, words: Mapping[str, Any] | None = None) -> Any:
    """The preprocessing of ``configs/features.json`` of a bundle, without building a network.

    Args:
        bundle: the bundle's folder.
        words: in place of those at the top of that config, such as ``grid``.

    Raises:
        ValueError: if the folder is no bundle that has an encoder, or has no such word.
    """
    parser = open_config(bundle, "features")
    unknown = sorted(word for word in words or {} if word not in parser.get())
    if unknown:
        raise ValueError(f"features.json has no {unknown}; leave them out.")
    parser.update(dict(words or {}))
    return parser.get_parsed_content("preprocessing")
