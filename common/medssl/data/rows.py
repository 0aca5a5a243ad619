"""Tables as CSV: rows are dictionaries, columns their keys."""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from medssl.data.replacing import replacing

__all__ = ["read_rows", "write_rows"]


def read_rows(path: str | os.PathLike) -> list[dict[str, str]]:
    """Read all rows; no file means none.

    Args:
        path: the CSV.
    """
    if not Path(path).exists():
        return []
    with Path(path).open(newline="") as file:
        return list(csv.DictReader(file))


def write_rows(path: str | os.PathLike, rows: Sequence[Mapping[str, Any]]) -> Path:
    """Write all rows in one step; the columns are all keys, in the order in which they first occur.

    Args:
        path: the CSV.
        rows: what is missing in a row stays empty.

    Returns:
        The path.
    """
    with replacing(path) as draft, draft.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(dict.fromkeys(name for row in rows for name in row)))
        writer.writeheader()
        writer.writerows(rows)
    return Path(path)
