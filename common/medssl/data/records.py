"""Small JSON files that are there whole or not at all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from medssl.data.replacing import write_whole

__all__ = ["read_json", "write_json"]


def read_json(path: str | Path) -> Any:
    """What a JSON file holds.

    Args:
        path: the file.

    Raises:
        ValueError: if the file cannot be understood.
    """
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{Path(path).name} should be JSON, but {error}; correct or delete it.") from error


def write_json(path: str | Path, content: Any) -> Path:
    """Write a JSON file in one step, so that a kill leaves the old one or the new one.

    Args:
        path: the file; folders above it are made.
        content: numbers, texts, lists and dictionaries.

    Returns:
        The path.
    """
    return write_whole(path, (json.dumps(content, indent=1) + "\n").encode())
