"""Small JSON files that are there whole or not at all."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

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
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.part")
    draft.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    os.replace(draft, path)
    return path
