"""Files that are there whole or not at all."""

from __future__ import annotations

import errno
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["replacing", "write_whole"]


@contextmanager
def replacing(path: str | os.PathLike) -> Iterator[Path]:
    """Give a draft to write to, which takes the file's place once all of it is written.

    At any time either the old file or the new one is there, also for other processes that write the same one. After an
    error the old one stays and the draft is removed.

    Args:
        path: the file; missing folders above it are made.

    Raises:
        OSError: if the disk is full, with what to do.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.stem}.{uuid.uuid4().hex}.part{target.suffix}")
    try:
        yield draft
        os.replace(draft, target)
    except OSError as error:
        if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
            raise
        raise OSError(error.errno, f"the disk is full, {target.name} could not be written; free some space") from error
    finally:
        draft.unlink(missing_ok=True)


def write_whole(path: str | os.PathLike, content: bytes) -> Path:
    """Write a file in one step, see :func:`replacing`.

    Args:
        path: the file.
        content: its bytes.

    Returns:
        The path.
    """
    with replacing(path) as draft:
        draft.write_bytes(content)
    return Path(path)
