"""Where findings lie in pictures: boxes from lists, one item a case and finding."""

from __future__ import annotations

import csv
import logging
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from medssl.data.files import stem

__all__ = ["boxed_cases"]

logger = logging.getLogger(__name__)
NO_BOX = (np.nan,) * 4
Box = tuple[float, ...]


def boxed_cases(
    cases: Sequence[dict[str, Any]],
    boxes: str = "none_given",
    *,
    class_names: Sequence[str],
    aliases: Mapping[str, str] | None = None,
) -> list[dict[str, Any]]:
    """Ask where each boxed finding of each case is; of a case without a box, where its predicted class is.

    Args:
        cases: what :func:`medssl.data.find_cases` gives. Their own ``boxes`` count,
            ``[{"class": name, "box": [x, y, width, height]}]`` in pixels of the picture, from its upper left corner.
        boxes: CSV of more of them, in the form of ChestX-ray14's ``BBox_List_2017.csv``: file name, finding, x, y,
            width, height; what follows is not read, nor is a line of titles. ``none_given`` for none.
        class_names: the classes of the network in their order.
        aliases: class names by what the lists call them.

    Returns:
        Cases with ``asked``, the number of a class, -1 for the predicted one, and ``boxes``, float32 ``(B, 4)``, where
        ``B`` is the same for all and rows without a box are not a number.

    Raises:
        ValueError: if the CSV is not there or unreadable, fits none of the cases, a box is none, or a finding is no
            class.
    """
    numbers = {name: number for number, name in enumerate(class_names)}
    numbers |= {alias: numbers[name] for alias, name in (aliases or {}).items() if name in numbers}
    listed: dict[str, list[tuple[str, Box]]] = {}
    if boxes != "none_given":
        listed = _from_csv(Path(boxes).expanduser())
        _require_known(cases, listed, name=Path(boxes).name)
    found = []
    for case in cases:
        own = [(entry["class"], tuple(entry["box"])) for entry in case.get("boxes") or []]
        places = _by_class([*own, *_listed(case, listed)], numbers, name=_name(case))
        found += [(case, asked, places[asked]) for asked in sorted(places)] or [(case, -1, [])]
    most = max((len(places) for _, _, places in found), default=0) or 1
    asked_for = sum(len(places) > 0 for _, _, places in found)
    logger.info("%d findings with boxes in %d cases.", asked_for, len(cases))
    return [
        {**case, "asked": asked, "boxes": np.array([*places, *[NO_BOX] * (most - len(places))], dtype=np.float32)}
        for case, asked, places in found
    ]


def _by_class(places: Sequence[tuple[str, Box]], numbers: Mapping[str, int], *, name: str) -> dict[int, list[Box]]:
    grouped: dict[int, list[Box]] = defaultdict(list)
    for finding, box in places:
        if finding not in numbers:
            raise ValueError(
                f"{name} has a box of {finding!r}, which is no class; known are {sorted(numbers)}: "
                "correct the list, the class names or their aliases."
            )
        if len(box) != 4 or not all(np.isfinite(box)) or min(box[2:]) <= 0:
            raise ValueError(
                f"{name} has a box {list(box)} of {finding!r}; a box is x, y, width and height, the last two above 0."
            )
        grouped[numbers[finding]].append(box)
    return grouped


def _from_csv(path: Path) -> dict[str, list[tuple[str, Box]]]:
    if not path.is_file():
        raise ValueError(f"The list of boxes {path.name} is not there; give the path of a CSV.")
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = [(number, [cell.strip() for cell in row]) for number, row in enumerate(csv.reader(file), 1) if any(row)]
    listed: dict[str, list[tuple[str, Box]]] = defaultdict(list)
    for image, finding, box in _readable(rows, path.name):
        listed[PurePosixPath(image).name].append((finding, box))
    return listed


def _readable(rows: Sequence[tuple[int, list[str]]], name: str) -> Iterator[tuple[str, str, Box]]:
    for number, row in rows:
        try:
            box = tuple(float(cell) for cell in row[2:6])
        except ValueError:
            box = ()
        if len(box) == 4:
            yield row[0], row[1], box
        elif number > 1:
            raise ValueError(
                f"Line {number} of {name} needs a file name, a finding, x, y, width and height, got {row[:6]}."
            )


def _require_known(cases: Sequence[dict[str, Any]], listed: Mapping[str, Any], *, name: str) -> None:
    fitting = sum(bool(_listed(case, listed)) for case in cases)
    if not fitting:
        raise ValueError(
            f"{name} has boxes of {len(listed)} images, none of them among the {len(cases)} cases; give the list that "
            "belongs to them."
        )
    logger.info("%s: boxes of %d images, %d of them among the cases.", name, len(listed), fitting)


def _listed(case: Mapping[str, Any], listed: Mapping[str, Sequence[tuple[str, Box]]]) -> Sequence[tuple[str, Box]]:
    return listed.get(_name(case)) or listed.get(stem(_name(case))) or ()


def _name(case: Mapping[str, Any]) -> str:
    return PurePosixPath(case["image"]).name
