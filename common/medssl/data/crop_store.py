"""A folder of stored volumes, for images that do not fit in memory together."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from medssl.data.files import fingerprint
from medssl.data.reading import read_image
from medssl.data.stored_volume import open_stored, read_crop, write_stored

__all__ = ["StoredVolumes", "stored_cases"]

logger = logging.getLogger(__name__)


def stored_cases(
    cases: Sequence[dict[str, Any]], store: str, *, keys: Sequence[str] = ("image", "label")
) -> list[dict]:
    """Cases whose images lie in a crop store, which is built or completed first.

    A volume is stored once and found again by the place, size and time of its files; one that is there is not read
    again, so building continues where it was cut off. For readers the rest is as before:
    :class:`medssl.data.CaseReader` reads stored volumes too.

    Args:
        cases: what :func:`find_cases` gives.
        store: folder of the store, or ``none_given`` to leave the cases as they are.
        keys: what of a case to store.

    Returns:
        The same cases, with the stored volumes in place of their files.

    Raises:
        ValueError: if an image has values that 16-bit whole numbers cannot hold.
    """
    if store == "none_given":
        return [dict(case) for case in cases]
    wanted = {str(case[key]): _stored_path(case[key], store) for case in cases for key in keys if key in case}
    absent = [source for source, path in wanted.items() if not path.exists()]
    logger.info(
        "crop store: %d of %d volumes are there, %d to write.", len(wanted) - len(absent), len(wanted), len(absent)
    )
    for number, source in enumerate(absent, 1):
        image, affine = read_image(source)
        write_stored(wanted[source], image.numpy(), affine=affine.numpy())
        logger.info("crop store: wrote %d of %d.", number, len(absent))
    return [case | {key: str(wanted[str(case[key])]) for key in keys if key in case} for case in cases]


class StoredVolumes(Sequence):
    """The volumes of stored cases, one after the other, whole or a crop of them.

    Args:
        cases: what :func:`stored_cases` gives.
        key: which of a case's volumes.

    Shape:
        Volumes and crops are ``(C, *S)``, int16.
    """

    def __init__(self, cases: Sequence[dict[str, Any]], key: str = "image") -> None:
        self.paths = [str(case[key]) for case in cases]
        self._opened: dict[int, Any] = {}

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: Any) -> Any:
        return self._volume(index)[:]

    def shape(self, index: int) -> tuple[int, ...]:
        """Voxels along each spatial axis of one volume."""
        return tuple(self._volume(index).shape[1:])

    def crop(self, index: int, *, corner: Sequence[int], size: Sequence[int]) -> np.ndarray:
        """A box of one volume, see :func:`read_crop`; about a millisecond for 64x64x32 voxels."""
        return read_crop(self._volume(index), corner=corner, size=size)

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_opened": {}}

    def _volume(self, index: int) -> Any:
        index = range(len(self))[index]
        if index not in self._opened:
            self._opened[index] = open_stored(self.paths[index])
        return self._opened[index]


def _stored_path(source: str | Path, store: str) -> Path:
    return Path(store) / f"{fingerprint(source)}.b2nd"
