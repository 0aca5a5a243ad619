"""Lists of cases in JSON, CSV and plain text."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from medssl.data.records import read_json

__all__ = ["read_listing"]

KEYS = ("image", "label", "class", "patient", "split", "fold")
DECATHLON = {"training": "train", "validation": "val", "test": "test"}


def read_listing(path: str | Path) -> list[dict[str, Any]]:
    """The entries of a list of cases, paths as they are written there.

    JSON is a list of paths or dictionaries, or has such lists under ``cases`` or under ``training``, ``validation`` and
    ``test``. CSV has a column ``image`` or ``file``, others may be ``label class patient split fold``. Everything else
    is text with one path a line.

    Args:
        path: the list.

    Returns:
        Dictionaries with ``image`` and what else is known of ``label class patient split fold``.

    Raises:
        ValueError: if the list is not there, has no entries, or an entry names no image.
    """
    path = Path(path)
    if not path.is_file():
        raise ValueError(f"The list {path.name} is not there; give the path of a JSON, CSV or text file.")
    readers = {".json": _from_json, ".csv": _from_csv}
    entries = readers.get(path.suffix.lower(), _from_text)(path)
    if not entries:
        raise ValueError(f"The list {path.name} names no image; add some, or leave the word out.")
    nameless = [number for number, entry in enumerate(entries, 1) if not entry.get("image")]
    if nameless:
        raise ValueError(f"Entry {nameless[0]} of {path.name} names no image; give it an 'image'.")
    return entries


def _from_json(path: Path) -> list[dict[str, Any]]:
    content = read_json(path)
    if isinstance(content, list):
        return [_entry(item) for item in content]
    if "cases" in content:
        return [_entry(item) for item in content["cases"]]
    lists = {split: content.get(key) or [] for key, split in DECATHLON.items()}
    if not lists["val"]:  # an undivided list: which cases validate is decided later
        return [_entry(item) for item in lists["train"]] + [_entry(item, "test") for item in lists["test"]]
    return [_entry(item, split) for split, items in lists.items() for item in items]


def _from_csv(path: Path) -> list[dict[str, Any]]:
    with path.open(newline="", encoding="utf-8-sig") as stream:
        rows = list(csv.DictReader(stream))
    return [_entry({**row, "image": row.get("image") or row.get("file")}) for row in rows]


def _from_text(path: Path) -> list[dict[str, Any]]:
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    return [{"image": line} for line in lines if line and not line.startswith("#")]


def _entry(item: Any, split: str = "") -> dict[str, Any]:
    item = item if isinstance(item, dict) else {"image": item}
    known = {key: item[key] for key in KEYS if item.get(key) not in (None, "")}
    return known | ({"split": split} if split else {})
