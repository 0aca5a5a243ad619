"""One vector an image, from a trained encoder."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import torch
from torch import nn

__all__ = ["encode"]


@torch.no_grad()
def encode(encoder: nn.Module, batches: Iterable[dict[str, Any]], *, device: torch.device | str) -> np.ndarray:
    """Average the coarsest feature map of every image.

    Args:
        encoder: gives a list of feature maps, coarsest last; used in evaluation mode.
        batches: batches with an ``image``, in the order of the rows.
        device: where the encoder is.

    Shape:
        ``(N, E)``: all images of all batches.

    Source:
        Haghighi et al., Semantic Genesis, MICCAI 2020, self-discovery: patients are compared by such vectors.
    """
    was_training = encoder.training
    encoder.eval()
    rows = [encoder(torch.as_tensor(batch["image"]).to(device))[-1].flatten(2).mean(dim=2) for batch in batches]
    encoder.train(was_training)
    return torch.cat(rows).float().cpu().numpy()
