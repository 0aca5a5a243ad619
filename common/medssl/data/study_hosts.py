"""Planes to learn from: stacks of a view, and the planes of other views that cut them."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from medssl.geometry import sine_between

__all__ = ["StudyHosts"]

logger = logging.getLogger(__name__)
PLACES = ("base", "apex", "centre")
TASKS = ("lines", "location", "position")

Record = dict[str, Any]


class StudyHosts(Sequence):
    """The stacks of the host views, each with the planes that may be drawn into it; no pixel is read.

    Args:
        studies: what :func:`load_studies` lists.
        studies_dir: where the planes are.
        pairs: by host view, the guests whose lines are to be found in it. A guest is a view, or of a stack a view and
            the place in it: ``SAX:base`` its first plane, ``SAX:apex`` its last, ``SAX:centre``, or just ``SAX``, its
            middle one.
        every_slice: whether each plane is an item of its own, for validation.
        repeats: how often every item comes, each time with draws of its own; at least 1.
        tasks: what is to be learnt, of ``lines``, ``location``, ``position``; hosts for which nothing of it is known
            are left out.
        min_angle_deg: below this angle to the host a guest does not count as known, in [0, 90].

    Attributes:
        channels: all guests, in the order in which ``pairs`` first names them.
        views: the host views, in their order.

    Shape:
        Items are ``{"planes", "guests", "host", "view"}``: records of planes with absolute paths, for every channel the
        RAS affines of the acquisitions that may be its guest in the order of the study (none if it is not paired with
        this host, or missing), number and name of the host view.

    Raises:
        ValueError: if a guest, a place or a task is unknown, or no host is left.
    """

    def __init__(
        self,
        studies: Sequence[Mapping[str, Any]],
        *,
        studies_dir: str,
        pairs: Mapping[str, Sequence[str]],
        every_slice: bool = False,
        repeats: int = 1,
        tasks: Sequence[str] = ("lines", "location"),
        min_angle_deg: float = 15.0,
    ) -> None:
        unknown = [task for task in tasks if task not in TASKS]
        if unknown or not tasks:
            raise ValueError(f"tasks are some of {list(TASKS)}, got {list(tasks)}; correct the spelling.")
        self.folder, self.views = str(Path(studies_dir).resolve()), list(pairs)
        self.channels = list(dict.fromkeys(guest for guests in pairs.values() for guest in guests))
        strange = [name for name in self.channels if (":" in name) and name.split(":")[1] not in PLACES]
        if strange:
            raise ValueError(f"A guest is a view, or a view and {list(PLACES)} as in 'SAX:base', got {strange}.")
        least = math.sin(math.radians(min_angle_deg))
        hosts = [host for study in studies for host in _hosts(study, pairs, channels=self.channels)]
        known = [host for host in hosts if _is_known(host, tasks, least=least)]
        self.items = (_by_slice(known) if every_slice else known) * max(1, repeats)
        self._tell(hosts, known, studies=len(studies))

    def _tell(self, hosts: list[Record], known: list[Record], *, studies: int) -> None:
        if not known:
            raise ValueError(
                f"None of {len(hosts)} stacks of {self.views} in {studies} studies has anything to learn from; look at "
                "the views that the survey lists, and at pairs."
            )
        logger.info("%d hosts in %d studies, %d items.", len(known), studies, len(self.items))
        if len(known) < len(hosts):
            logger.warning(
                "left out %d of %d stacks of %s: no guest cuts them, and their place is unknown.",
                len(hosts) - len(known), len(hosts), self.views,
            )  # fmt: skip

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(len(self)))]
        host = self.items[index]
        planes = [{**plane, "file": f"{self.folder}/{plane['file']}"} for plane in host["planes"]]
        return {**host, "planes": planes}


def _hosts(study: Mapping[str, Any], pairs: Mapping[str, Sequence[str]], *, channels: Sequence[str]) -> list[Record]:
    stacks: dict[int, list[Record]] = {}
    for plane in study["planes"]:
        stacks.setdefault(plane["stack"], []).append(plane)
    return [
        {
            "planes": host,
            "guests": [_guests(host, stacks, name=name) if name in pairs[view] else [] for name in channels],
            "host": list(pairs).index(view),
            "view": view,
        }
        for host in stacks.values()
        if (view := host[0]["view"]) in pairs
    ]


def _guests(host: list[Record], stacks: Mapping[int, list[Record]], *, name: str) -> list[Any]:
    view, _, place = name.partition(":")
    others = [stack for number, stack in stacks.items() if stack[0]["view"] == view and number != host[0]["stack"]]
    chosen = [_at(stack, place) for stack in others if stack[0]["placed"] and host[0]["placed"]]
    return [plane["affine"] for plane in chosen if plane]


def _at(stack: list[Record], place: str) -> Record | None:
    first, last = stack[0], stack[-1]
    if place in ("base", "apex"):  # known only where the stack's direction is
        ends = (first["location"], last["location"]) == (0, 1)
        return (first if place == "base" else last) if ends else None
    return stack[len(stack) // 2]


def _is_known(host: Record, tasks: Sequence[str], *, least: float) -> bool:
    if "location" in tasks and any(plane["location"] is not None for plane in host["planes"]):
        return True
    affines = [affine for guests in host["guests"] for affine in guests]
    cutting = any(sine_between(host["planes"][0]["affine"], affine) >= least for affine in affines)
    return cutting and bool({"lines", "position"} & set(tasks))


def _by_slice(hosts: list[Record]) -> list[Record]:
    return [{**host, "planes": [plane]} for host in hosts for plane in host["planes"]]
