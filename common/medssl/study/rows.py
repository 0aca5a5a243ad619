"""One CSV row a run."""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping
from pathlib import Path

__all__ = ["read_rows", "write_row"]


def read_rows(path: str | os.PathLike) -> list[dict[str, str]]:
    """Read all rows; no file means none."""
    if not Path(path).exists():
        return []
    with Path(path).open(newline="") as file:
        return list(csv.DictReader(file))


def write_row(path: str | os.PathLike, row: Mapping[str, object]) -> None:
    """Add a row, and its new columns if it has any; the file is replaced atomically, so no finished run is lost."""
    path = Path(path)
    rows = [*read_rows(path), {name: str(value) for name, value in row.items()}]
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".tmp")
    with partial.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(dict.fromkeys(name for row in rows for name in row)))
        writer.writeheader()
        writer.writerows(rows)
    os.replace(partial, path)
