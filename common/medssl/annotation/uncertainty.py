"""How unsure a network is of its mask: dropout at work while it predicts."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from medssl.weights import open_config

__all__ = ["dropout_on", "image_entropies", "mean_entropy"]

DROPOUT = (nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d, nn.AlphaDropout)


def dropout_on(network: nn.Module) -> nn.Module:
    """Let a network drop features while all else, such as batch statistics, stays as in evaluation.

    Args:
        network: with dropout layers; changed in place.

    Raises:
        ValueError: if it has no dropout above 0, so that every prediction would be the same.

    Source:
        Gal and Ghahramani, Dropout as a Bayesian Approximation, ICML 2016.
    """
    layers = [layer for layer in network.modules() if isinstance(layer, DROPOUT)]
    if not any(layer.p > 0 for layer in layers):
        raise ValueError(f"needs a dropout above 0, the network has {len(layers)} such layers; set the word 'dropout'.")
    network.eval()
    for layer in layers:
        layer.train()
    return network


def mean_entropy(logits: Tensor) -> float:
    """Entropy of the mean prediction, averaged over space, in nats; what MONAI Label calls epistemic entropy.

    Args:
        logits: of several predictions of one image.

    Shape:
        ``(R, K, *S)``: R predictions of K classes.
    """
    mean = torch.softmax(logits.float(), dim=1).mean(dim=0)
    return float(torch.special.entr(mean).sum(dim=0).mean())


@torch.no_grad()
def image_entropies(
    bundle: str | os.PathLike,
    images: Sequence[str],
    *,
    words: Mapping[str, Any],
    dropout: float = 0.2,
    simulations: int = 5,
) -> np.ndarray:
    """Score images by the entropy of a segmentation's predictions with dropout, on the grid of the network's input.

    Args:
        bundle: the bundle's folder; its ``inference.json`` has network, preprocessing and inferer.
        images: as the preprocessing reads them.
        words: of the config, such as ``pretrained``, the segmentation's weights.
        dropout: chance of zeroing a value, above 0.
        simulations: predictions of each image, with the same draws in every call.

    Shape:
        ``(N,)``: one an image, in their order.
    """
    parser, scores = open_config(bundle, "inference", words={**words, "network_def#dropout": dropout}), []
    preprocessing, inferer = (parser.get_parsed_content(part) for part in ("preprocessing", "inferer"))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = dropout_on(parser.get_parsed_content("network"))
        for image in images:
            batch = torch.as_tensor(preprocessing({"image": image})["image"])[None]
            batch = batch.to(next(network.parameters()).device)
            scores.append(mean_entropy(torch.cat([inferer(batch, network) for _ in range(simulations)])))
    return np.asarray(scores)
