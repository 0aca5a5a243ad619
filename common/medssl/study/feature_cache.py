"""Features of cases on disk, so that each is calculated once."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from medssl.data import fingerprint, replacing

__all__ = ["FeatureCache", "weights_hash"]

logger = logging.getLogger(__name__)


class FeatureCache:
    """One file a case, in a folder for the weights and for how images are prepared.

    A file is there whole or not at all, so a killed study goes on where it was; processes that share the folder may
    at worst calculate a case twice.

    Args:
        folder: of the files.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def features(
        self,
        cases: Sequence[Mapping[str, Any]],
        calculate: Callable[[list[Any]], Iterable[Tensor]],
        *,
        keys: Sequence[str] = ("image",),
    ) -> list[Tensor]:
        """Features of each case, in their order.

        Args:
            cases: each with files, by whose place, size and time its features are found again.
            calculate: gives the features of cases one by one.
            keys: of the files that its features depend on.
        """
        files = {self.file(case, keys): case for case in cases}
        absent = {file: case for file, case in files.items() if not file.exists()}
        logger.info("features: %d of %d are there, %d to calculate.", len(files) - len(absent), len(files), len(absent))
        for file, features in zip(absent, calculate([*absent.values()]) if absent else [], strict=True):
            with replacing(file) as draft, draft.open("wb") as stream:
                np.save(stream, features.numpy(force=True))
        return [torch.from_numpy(np.load(self.file(case, keys))) for case in cases]

    def file(self, case: Mapping[str, Any], keys: Sequence[str]) -> Path:
        """Where the features of a case lie."""
        return self.folder / f"{'_'.join(fingerprint(case[key]) for key in keys)}.npy"


def weights_hash(network: nn.Module) -> str:
    """Short hash of all tensors of a network."""
    digest = hashlib.sha256()
    for name, tensor in network.state_dict().items():
        digest.update(name.encode())
        digest.update(tensor.contiguous().numpy(force=True).tobytes())
    return digest.hexdigest()[:16]
