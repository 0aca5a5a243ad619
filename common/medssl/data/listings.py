"""Lists of cases in JSON, CSV and plain text."""

from __future__ import annotations

import csv
import re
from functools import partial
from pathlib import Path
from typing import Any

from medssl.data.records import read_json

__all__ = ["read_listing"]

KEYS = ("image", "label", "patient", "split", "fold", "boxes", "displacement", "study", "view")
NUMBERED = re.compile(r"(\S.*?\.\w+)((?:\s+-?\d+)+)")  # such as 00000013_005.png 0 1 0
DECATHLON = {"training": "train", "validation": "val", "test": "test"}


def read_listing(path: str | Path, *, class_key: str = "class") -> list[dict[str, Any]]:
    """The entries of a list of cases, paths as they are written there.

    JSON is a list of paths or dictionaries, or has such lists under ``cases`` or under ``training``, ``validation`` and
    ``test``. CSV has a column ``image`` or ``file``, others may be ``label class patient split fold study view``.
    Everything else is text with one path a line; whole numbers behind a path, as in the lists of ChestX-ray14, are its
    class.

    Args:
        path: the list.
        class_key: what an entry calls its class.

    Returns:
        Dictionaries with ``image`` and what else is known of ``label class patient split fold boxes displacement
        study view``.

    Raises:
        ValueError: if the list is not there, has no entries, or an entry names no image.
    """
    path = Path(path)
    if not path.is_file():
        raise ValueError(f"The list {path.name} is not there; give the path of a JSON, CSV or text file.")
    readers = {".json": _from_json, ".csv": _from_csv}
    items = readers.get(path.suffix.lower(), partial(_from_text, class_key=class_key))(path)
    entries = [_entry(item, class_key) for item in items]
    if not entries:
        raise ValueError(f"The list {path.name} names no image; add some, or leave the word out.")
    nameless = [number for number, entry in enumerate(entries, 1) if not entry.get("image")]
    if nameless:
        raise ValueError(f"Entry {nameless[0]} of {path.name} names no image; give it an 'image'.")
    return entries


def _from_json(path: Path) -> list[Any]:
    content = read_json(path)
    if isinstance(content, list):
        return content
    if "cases" in content:
        return list(content["cases"])
    lists = {split: content.get(key) or [] for key, split in DECATHLON.items()}
    if not lists["val"]:  # an undivided list: which cases validate is decided later
        return lists["train"] + [_named(item) | {"split": "test"} for item in lists["test"]]
    return [_named(item) | {"split": split} for split, items in lists.items() for item in items]


def _from_csv(path: Path) -> list[Any]:
    with path.open(newline="", encoding="utf-8-sig") as stream:
        rows = list(csv.DictReader(stream))
    if rows and not {"image", "file"} & rows[0].keys():
        raise ValueError(f"The list {path.name} needs a column 'image' or 'file', has {list(rows[0])}; rename one.")
    return [{**row, "image": row.get("image") or row.get("file")} for row in rows]


def _from_text(path: Path, *, class_key: str) -> list[Any]:
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    return [_line(line, class_key) for line in lines if line and not line.startswith("#")]


def _line(line: str, class_key: str) -> dict[str, Any]:
    numbered = NUMBERED.fullmatch(line)
    if not numbered:
        return {"image": line}
    numbers = [int(number) for number in numbered[2].split()]
    return {"image": numbered[1], class_key: numbers if len(numbers) > 1 else numbers[0]}


def _named(item: Any) -> dict[str, Any]:
    return item if isinstance(item, dict) else {"image": item}


def _entry(item: Any, class_key: str) -> dict[str, Any]:
    item = _named(item)
    known = {key: item[key] for key in KEYS if item.get(key) not in (None, "")}
    return known | ({"class": item[class_key]} if item.get(class_key) not in (None, "") else {})
