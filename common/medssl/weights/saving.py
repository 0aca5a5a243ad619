"""Weights out to a file, with a page of facts beside it."""

from __future__ import annotations

import hashlib
import io
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from medssl.data import write_whole
from medssl.weights.loading import SCRATCH
from medssl.weights.package import installed_versions
from medssl.weights.reading import without_wrappers

__all__ = ["verify_weights", "write_weights"]


def write_weights(
    path: str | os.PathLike,
    weights: nn.Module | Mapping[str, Tensor],
    *,
    half: bool = False,
    facts: Mapping[str, Any] | None = None,
) -> Path:
    """Write a plain state dict, and ``.json`` of the same name with its sha256, size, versions and the facts.

    Args:
        path: of the weights; an earlier file is replaced only by a complete one.
        weights: a network, wrapped or not, or its state dict.
        half: store the tensors of convolutions and linear layers in half precision; biases and statistics, which are
            small but wide-ranged, stay as they are.
        facts: what else to note: config, seed, hash of the data, training time and hardware, metrics.

    Raises:
        ValueError: if a tensor has values too large for half precision.
        OSError: if the disk is full.
    """
    state = without_wrappers(weights.state_dict() if isinstance(weights, nn.Module) else weights)
    state = {key: _stored(key, tensor, half=half) for key, tensor in state.items()}
    buffer = io.BytesIO()
    torch.save(state, buffer)
    data = buffer.getvalue()
    page = {
        **(facts or {}),
        "file": Path(path).name,
        "sha256": hashlib.sha256(data).hexdigest(),
        "bytes": len(data),
        "tensors": len(state),
        "numbers": sum(tensor.numel() for tensor in state.values()),
        "half": half,
        "versions": installed_versions(),
    }
    write_whole(path, data)
    write_whole(Path(path).with_suffix(".json"), (json.dumps(page, indent=2, default=str) + "\n").encode())
    return Path(path)


def verify_weights(path: str | os.PathLike) -> dict[str, Any]:
    """Compare a weights file with the page of facts beside it, and return the page.

    Raises:
        ValueError: if one of the two is missing, the path is the word ``scratch``, or the sha256 differs.
    """
    if str(path) == SCRATCH:
        raise ValueError(
            f"there are no weights in {SCRATCH!r}: train for one epoch or more, or name a file of weights."
        )
    page = Path(path).with_suffix(".json")
    if not (Path(path).is_file() and page.is_file()):
        raise ValueError(f"verifying needs {Path(path).name} and {page.name} beside it, got only one or none of them.")
    facts = json.loads(page.read_text())
    found = hashlib.sha256(Path(path).read_bytes()).hexdigest()
    if facts.get("sha256") != found:
        raise ValueError(
            f"{Path(path).name} needs sha256 {facts.get('sha256')} as {page.name} says, got {found}; "
            "the file was changed or cut off: copy or train it again."
        )
    return facts


def _stored(key: str, tensor: Tensor, *, half: bool) -> Tensor:
    tensor = tensor.detach().to("cpu", copy=True).contiguous()
    if not half or tensor.ndim < 2 or not tensor.is_floating_point():
        return tensor
    small = tensor.half()
    if not torch.isfinite(small).all():
        raise ValueError(
            f"half precision needs values within +-65504, {key} reaches {tensor.abs().max():g}; use half=False."
        )
    return small
