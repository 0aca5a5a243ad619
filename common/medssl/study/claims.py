"""Who does which run, when several processes share a study."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

__all__ = ["claimed"]


@contextmanager
def claimed(path: str | Path, *, wait: bool = False) -> Iterator[bool]:
    """Hold a claim; the system lets go of it when its process ends, however that happens.

    Args:
        path: file that stands for the claim; it is made, and stays, empty.
        wait: whether to wait for another process to let go.

    Yields:
        Whether the claim is held; without waiting False if another process has it.
    """
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path)
    try:
        lock.acquire(blocking=wait)
    except Timeout:
        yield False
        return
    try:
        yield True
    finally:
        lock.release()
