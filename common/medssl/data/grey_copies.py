"""Small grey copies of pictures on disk, so that decoding is not paid every epoch."""

from __future__ import annotations

import hashlib
import io
import logging
import os
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from medssl.data.files import fingerprint
from medssl.data.planes import read_plane
from medssl.data.replacing import write_whole
from medssl.data.stored_plane import checked_window

__all__ = ["GreyImages", "grey_copies"]

logger = logging.getLogger(__name__)
SECONDS_BETWEEN_LINES = 20.0


def grey_copies(
    cases: Sequence[dict[str, Any]], store: str, *, short_side: int, window: str | Sequence[float] = "auto"
) -> list[dict[str, Any]]:
    """Cases whose images are small 8-bit grey copies, which are made or completed first.

    A copy is made once and found again by the place, size and time of its file and by how it is made, so making them
    continues where it was cut off. It holds the same pixels as :func:`read_plane` gives without it; its position in mm
    is not kept, and labels stay in their own files.

    Args:
        cases: what :func:`medssl.data.usable_cases` gives.
        store: folder of the copies, or ``none_given`` to leave the cases as they are.
        short_side: see :func:`read_plane`.
        window: see :func:`read_plane`; not ``none``.

    Returns:
        The same cases, with the copies in place of their files.

    Raises:
        ValueError: if a word is out of its range, or a file is no single grey picture.
    """
    if store == "none_given":
        return [dict(case) for case in cases]
    if checked_window(window) == "none":
        raise ValueError("Grey copies need a window, got 'none'; take 'auto' or [lowest, highest].")
    made_so = f"{short_side} {checked_window(window)}"
    sources = list(dict.fromkeys(str(case["image"]) for case in cases))
    wanted = {source: _copy_path(source, store, made_so=made_so) for source in sources}
    absent = {source: path for source, path in wanted.items() if not path.exists()}
    logger.info("grey copies: %d of %d are there, %d to make.", len(wanted) - len(absent), len(wanted), len(absent))
    _make(absent, partial(_write, short_side=short_side, window=window))
    return [case | {"image": str(wanted[str(case["image"])])} for case in cases]


class GreyImages(Sequence):
    """The grey values of cases, read one by one: about 0.1 ms from a grey copy.

    Args:
        cases: what :func:`grey_copies` or :func:`find_cases` gives.
        short_side: see :func:`read_plane`.
        window: see :func:`read_plane`.

    Shape:
        Items are ``{"image": (1, x, y)}``, uint8, with ``class`` where a case has one.
    """

    def __init__(
        self, cases: Sequence[dict[str, Any]], *, short_side: int = 0, window: str | Sequence[float] = "auto"
    ) -> None:
        self.cases = [{key: case[key] for key in ("image", "class") if key in case} for case in cases]
        self.short_side, self.window = short_side, checked_window(window)

    def __len__(self) -> int:
        return len(self.cases)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(len(self)))]
        case = self.cases[index]
        return case | {"image": read_plane(case["image"], window=self.window, short_side=self.short_side)[0]}


def _copy_path(source: str, store: str, *, made_so: str) -> Path:
    digest = hashlib.sha256(f"{fingerprint(source)} {made_so}".encode())
    return Path(store) / f"{digest.hexdigest()[:32]}.npy"


def _make(absent: dict[str, Path], write: Any) -> None:
    told = time.monotonic()
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        for number, _ in enumerate(threads.map(write, absent, absent.values()), 1):
            if number == len(absent) or time.monotonic() - told > SECONDS_BETWEEN_LINES:
                told = time.monotonic()
                logger.info("grey copies: made %d of %d.", number, len(absent))


def _write(source: str, path: Path, *, short_side: int, window: str | Sequence[float]) -> None:
    pixels, _ = read_plane(source, window=window, short_side=short_side)
    content = io.BytesIO()
    np.save(content, pixels, allow_pickle=False)
    write_whole(path, content.getvalue())
