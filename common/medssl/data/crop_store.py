"""A folder of stored volumes, for images that do not fit in memory together."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from medssl.data.files import content_hash, fingerprint, first_file
from medssl.data.preparing import prepare_volume
from medssl.data.reading import read_image
from medssl.data.stored_volume import open_stored, read_crop, read_stored, write_stored
from medssl.data.words import switch

__all__ = ["StoredVolumes", "stored_cases"]

logger = logging.getLogger(__name__)


def stored_cases(
    cases: Sequence[dict[str, Any]],
    store: str,
    *,
    keys: Sequence[str] = ("image", "label"),
    spacing: str | float | Sequence[float] = "none_given",
    body_hu: str | float = "none_given",
    strict: bool = False,
) -> list[dict]:
    """Cases whose images lie in a crop store, which is built or completed first.

    A volume is stored once and found again by the place, size and time of its files; one that is there is not read
    again, so building continues where it was cut off. For readers the rest is as before:
    :class:`medssl.data.CaseReader` reads stored volumes too. Volumes that cannot be stored are named, counted and left
    out.

    Args:
        cases: what :func:`find_cases` gives.
        store: folder of the store, or, where nothing is to be prepared, ``none_given`` to leave the cases as they are.
        keys: what of a case to store. Values of a ``label`` stay what they are.
        spacing: ``none_given`` stores volumes as they are, anything else turned to LPS and resampled, see
            :func:`prepare_volume`: ``native``, or edge lengths in mm.
        body_hu: with a spacing, keep the box around all voxels above this value; ``none_given`` keeps all.
        strict: whether one bad volume is an error.

    Returns:
        The same cases, with the stored volumes in place of their files.

    Raises:
        ValueError: if volumes are to be prepared without a store, the body is to be cropped without a spacing or beside
            a label, no case is left, or one is bad and ``strict`` holds.
    """
    switch(strict, "strict")
    if store == "none_given":
        if spacing != "none_given":
            raise ValueError("Prepared volumes need a folder to lie in, got none_given; name one, such as --store DIR.")
        return [dict(case) for case in cases]
    if body_hu != "none_given" and (spacing == "none_given" or any({*keys} & {*case} - {"image"} for case in cases)):
        raise ValueError(
            f"body_hu {body_hu} crops images that are prepared, and only these: give a spacing, such as 'native', and "
            f"keys=['image']; got the spacing {spacing!r} and the keys {list(keys)}."
        )
    grid = {"spacing": spacing, "body_hu": body_hu} if spacing != "none_given" else {}
    wanted = {str(case[key]): (key, case[key]) for case in cases for key in keys if key in case}
    paths = {name: _stored_path(source, store, grid=grid) for name, (_, source) in wanted.items()}
    bad = _complete(wanted, paths, grid=grid)
    good = [case for case in cases if not any(str(case.get(key)) in bad for key in keys)]
    if bad and (strict or not good):
        reason = "strict allows none" if good else "none is left"
        raise ValueError(
            f"{len(cases) - len(good)} of {len(cases)} cases cannot be stored, {reason}; correct or remove them:\n"
            + "\n".join(list(bad.values())[:20])
        )
    return [case | {key: str(paths[str(case[key])]) for key in keys if key in case} for case in good]


class StoredVolumes(Sequence):
    """The volumes of stored cases, one after the other, whole or a crop of them.

    Args:
        cases: what :func:`stored_cases` gives.
        key: which of a case's volumes.

    Shape:
        Volumes and crops are ``(C, *S)``, of the kind that :func:`read_crop` gives.
    """

    def __init__(self, cases: Sequence[dict[str, Any]], key: str = "image") -> None:
        self.paths = [str(case[key]) for case in cases]
        self._opened: dict[int, Any] = {}

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: Any) -> Any:
        return read_stored(self._volume(index))

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


def _stored_path(source: Any, store: str, *, grid: dict[str, Any]) -> Path:
    digest = fingerprint(source)
    if grid:
        digest = hashlib.sha256(f"{digest} {grid}".encode()).hexdigest()[:32]
    return Path(store) / f"{digest}.b2nd"


def _complete(wanted: dict[str, tuple[str, Any]], paths: dict[str, Path], *, grid: dict[str, Any]) -> dict[str, str]:
    absent = [name for name, path in paths.items() if not path.exists()]
    there = len(paths) - len(absent)
    logger.info("crop store: %d of %d volumes are there, %d to write.", there, len(paths), len(absent))
    bad: dict[str, str] = {}
    for number, name in enumerate(absent, 1):
        key, source = wanted[name]
        try:
            _write(source, paths[name], is_label=key == "label", grid=grid)
            logger.info("crop store: wrote %d of %d.", number, len(absent))
        except ValueError as error:
            bad[name] = f"{Path(first_file(source)).name}: {error}"
            logger.warning("crop store: left out %s", bad[name])
    return bad


def _write(source: Any, path: Path, *, is_label: bool, grid: dict[str, Any]) -> None:
    image, affine = read_image(source)
    if grid:
        image, affine = prepare_volume(image, affine, mode="nearest" if is_label else "bilinear", **grid)
    write_stored(path, image.numpy(), affine=affine.numpy(), exact=is_label, source=content_hash(source))
