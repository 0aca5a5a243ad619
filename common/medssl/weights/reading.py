"""Checkpoints read without running anything that is in them."""

from __future__ import annotations

import logging
import os
import pickle
import re
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from medssl.weights.report import listing

__all__ = ["read_checkpoint", "without_wrappers"]

logger = logging.getLogger(__name__)

SCALAR = np.float64(0).__reduce__()[0]  # the function that NumPy pickles numbers by; older files know its old address
KINDS = ("?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8")
HARMLESS: list[Any] = [  # what trainers put beside tensors: NumPy's numbers, and settings, a bag of attributes
    Namespace,
    np.dtype,
    *(type(np.dtype(kind)) for kind in KINDS),
    *((SCALAR, f"numpy.{core}.multiarray.scalar") for core in ("core", "_core")),
]
DAMAGE = (pickle.UnpicklingError, RuntimeError, EOFError, KeyError, AttributeError)
STATES = ("state_dict", "model", "student", "teacher")


def read_checkpoint(file: str | os.PathLike, *, take: str = "") -> dict[str, Tensor]:
    """The tensors of a weights file, plain or under the name of a network, names as they are.

    Only tensors, plain containers, numbers (NumPy's too) and settings of the command line are read.

    Args:
        file: what ``torch.save`` wrote.
        take: name of the network to take from a file that holds several, such as ``"teacher"``; by default the first
            that is there of ``state_dict``, ``model``, ``student`` and ``teacher``.

    Raises:
        ValueError: if there is no such file, it is damaged, it holds other Python objects, or no state dict there.
    """
    path = Path(file)
    if not path.is_file():
        raise ValueError(f"needs a weights file, there is none at {path}; check the path, or train it first.")
    with torch.serialization.safe_globals(HARMLESS):
        try:
            content = torch.load(path, map_location="cpu", weights_only=True)
        except DAMAGE as error:
            raise ValueError(_reason(path, error)) from error
    return _state(path, content, take=take)


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


def _state(path: Path, content: Any, *, take: str) -> dict[str, Tensor]:
    """The tensors of one network; those with dotted names beside it, such as a head's, belong to it, too."""
    plain = content.items() if isinstance(content, Mapping) else ()
    holder = {str(key): value for key, value in plain if not isinstance(value, Mapping) or value}
    names = [name for name in ([take] if take else STATES) if isinstance(holder.get(name), Mapping)]
    state: dict[str, Any] = {} if take else holder
    if names:
        beside = {key: value for key, value in holder.items() if "." in key and isinstance(value, Tensor)}
        state = {**beside, **holder[names[0]]}
    if not state or not all(isinstance(value, Tensor) for value in state.values()):
        raise ValueError(
            f"{path.name} needs to be a state dict (names to tensors), or to hold one under "
            f"{take or ' or '.join(STATES)}, got {listing(sorted(holder)) or type(content).__name__}."
        )
    if len(names) > 1:
        logger.info("%s holds %s; %s is taken.", path.name, " and ".join(names), names[0])
    return state
