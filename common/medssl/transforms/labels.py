"""What a mask may hold."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import torch
from monai.config import KeysCollection
from monai.transforms import MapTransform

__all__ = ["KnownLabelsd"]


class KnownLabelsd(MapTransform):
    """Refuse masks with labels that have no name; without it, one-hot coding fails and names no file.

    Args:
        keys: of the masks, of any shape.
        names: names of the labels 1, 2, ...; 0 is the background.

    Raises:
        ValueError: when called, if a mask holds anything but whole numbers from 0 to the number of names.
    """

    def __init__(self, keys: KeysCollection, names: Sequence[str]) -> None:
        super().__init__(keys)
        self.names = names

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Give the item as it came."""
        for key in self.key_iterator(dict(data)):
            mask = torch.as_tensor(data[key])
            known = (mask >= 0) & (mask <= len(self.names)) & (mask == mask.round())
            if not bool(known.all()):
                raise ValueError(self._refusal(mask[~known], getattr(data[key], "meta", {})))
        return dict(data)

    def _refusal(self, strange: torch.Tensor, meta: Mapping[str, Any]) -> str:
        some = ", ".join(f"{value:g}" for value in strange.unique().tolist()[:5])
        return (
            f"{meta.get('filename_or_obj', 'a mask')}: holds {some}, but only 1 to {len(self.names)} have names, "
            f"{list(self.names)}. Name the others, or bring them to these: --relabel#from and --relabel#to."
        )
