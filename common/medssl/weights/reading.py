"""Checkpoints read without running anything that is in them."""

from __future__ import annotations

import os
import pickle
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from medssl.weights.report import listing

__all__ = ["read_checkpoint", "without_wrappers"]

SCALAR = np.float64(0).__reduce__()[0]  # the function that NumPy pickles numbers by; older files know its old address
KINDS = ("?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8")
NUMBERS: list[Any] = [
    np.dtype,
    *(type(np.dtype(kind)) for kind in KINDS),
    *((SCALAR, f"numpy.{core}.multiarray.scalar") for core in ("core", "_core")),
]
DAMAGE = (pickle.UnpicklingError, RuntimeError, EOFError, KeyError, AttributeError)
STATES = ("state_dict", "model")


def read_checkpoint(file: str | os.PathLike) -> dict[str, Tensor]:
    """The tensors of a weights file, plain or under ``state_dict`` or ``model``, names as they are.

    Only tensors, plain containers and numbers (NumPy's too) are read.

    Args:
        file: what ``torch.save`` wrote.

    Raises:
        ValueError: if there is no such file, it is damaged, it holds Python objects, or no state dict.
    """
    path = Path(file)
    if not path.is_file():
        raise ValueError(f"needs a weights file, there is none at {path}; check the path, or train it first.")
    with torch.serialization.safe_globals(NUMBERS):
        try:
            return _state(path, torch.load(path, map_location="cpu", weights_only=True))
        except DAMAGE as error:
            raise ValueError(_reason(path, error)) from error


def without_wrappers(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The same tensors without the ``module.`` and ``_orig_mod.`` that wrapped networks put into names.

    Raises:
        ValueError: if two tensors get the same name.
    """
    plain: dict[str, Tensor] = {}
    for key, tensor in state.items():
        name = re.sub(r"(?<![^.])(?:(?:module|_orig_mod)\.)+", "", key)
        if name in plain:
            raise ValueError(f"needs one tensor a name, got {name} both plain and under a wrapper's prefix.")
        plain[name] = tensor
    return plain


def _reason(path: Path, error: Exception) -> str:
    """Say whether a file is unsafe or just no checkpoint."""
    try:
        unsafe = sorted(torch.serialization.get_unsafe_globals_in_checkpoint(path))
    except Exception:  # the same damage met again, in whatever form this function meets it
        unsafe = []
    if unsafe:
        return (
            f"{path.name} holds Python objects ({listing(unsafe)}), and opening those can run any code, so it was "
            "not opened; needs tensors only: where you trust it, save its model.state_dict() with torch.save."
        )
    first = next(iter(str(error).splitlines()), "it ends at once")
    return f"{path.name} is no PyTorch weights file, or it is damaged ({first}); download it again."


def _state(path: Path, content: Any) -> dict[str, Tensor]:
    if isinstance(content, Mapping):
        content = next((content[name] for name in STATES if isinstance(content.get(name), Mapping)), content)
        tensors = {key: value for key, value in content.items() if isinstance(key, str) and isinstance(value, Tensor)}
        if tensors and len(tensors) == len(content):
            return tensors
    found = sorted(map(str, content)) if isinstance(content, Mapping) else [type(content).__name__]
    raise ValueError(
        f"{path.name} needs to be a state dict (names to tensors), or to hold one under {' or '.join(STATES)}, "
        f"got {listing(found)}."
    )
