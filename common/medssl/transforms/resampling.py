"""Images brought to another voxel size."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

from monai.transforms import Spacingd

__all__ = ["PlainSpacingd"]


class PlainSpacingd(Spacingd):
    """MONAI's ``Spacingd`` that looks at its own keys only.

    MONAI's takes everything whose name begins like a key for the metadata of that key and writes into it. MONAI Label
    keeps the path of the ``image`` under ``image_path``, which is text.

    Args:
        keys: of the images; all further words are those of ``Spacingd``.
    """

    def __call__(self, data: Mapping[Hashable, Any], *args: Any, **words: Any) -> dict[Hashable, Any]:
        own = {key: data[key] for key in self.key_iterator(dict(data))}
        return {**data, **super().__call__(own, *args, **words)}
