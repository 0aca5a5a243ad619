"""What is odd about the geometry of a study, by its headers alone."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import torch

from medssl.data.plane_profiles import PlaneImage
from medssl.geometry import angle_between_deg, line_status, slice_positions, stack_direction

__all__ = ["named_stacks", "plane_images", "study_warnings"]

LEAST_ANGLE_DEG = 15.0  # between host and guest
RIGHT_ANGLE_DEG = 0.1
SAME_MM, SAME_DEG = 0.1, 0.1
EVEN_SHARE = 0.1  # by how much gaps may differ from their median
STRAIGHT_MM = 5.0
TURNED_DEG = 60.0  # a heart's short axis lies within 30 degrees of the usual reference

Record = Mapping[str, Any]
Stacks = Mapping[str, Sequence[Record]]


def study_warnings(
    study: Record, *, pairs: Mapping[str, Sequence[str]], directions: Mapping[str, Any] | None = None
) -> list[str]:
    """What is odd about a study, in plain words.

    Looks for planes without a place, views that are missing, pixels that are no rectangles, stacks with uneven gaps,
    stacks that are not straight or run across the direction given for their view, planes at the same place, views that
    are parallel to their host or do not reach it, and numbers of time frames that differ.

    Args:
        study: as :func:`medssl.data.stored_studies` gives it.
        pairs: by host view the guests, see :class:`medssl.data.StudyHosts`.
        directions: by view, which way its stack runs, see :func:`medssl.data.stored_studies`.
    """
    every = named_stacks(study)
    placed = {name: planes for name, planes in every.items() if planes[0]["placed"]}
    return [
        *_unplaced(every, placed),
        *_missing(every, pairs, placed=placed),
        *_sheared(placed),
        *(warning for name, planes in placed.items() for warning in _uneven(name, planes)),
        *(warning for name, planes in placed.items() for warning in _crooked(name, planes)),
        *_turned(placed, directions or {}),
        *_doubled(placed),
        *_apart(placed, pairs),
        *_out_of_step(every),
    ]


def named_stacks(study: Record) -> dict[str, list[Record]]:
    """Planes of a study by stack; a stack has the name of its view, and a number where there are several.

    Args:
        study: as :func:`medssl.data.stored_studies` gives it.
    """
    stacks: dict[int, list[Record]] = {}
    for plane in study["planes"]:
        stacks.setdefault(plane["stack"], []).append(plane)
    counts: Counter[str] = Counter()
    named = {}
    for planes in stacks.values():
        view = planes[0]["view"]
        counts[view] += 1
        named[view if counts[view] == 1 else f"{view} ({counts[view]})"] = planes
    return named


def plane_images(study: Record, studies_dir: str, *, per_stack: int = 6) -> list[PlaneImage]:
    """The first frames of a study's planes that have a place.

    Args:
        study: as :func:`medssl.data.stored_studies` gives it.
        studies_dir: where its planes are.
        per_stack: most planes of a stack, evenly spread.
    """
    images = []
    for stack, planes in named_stacks(study).items():
        known = [plane for plane in planes if plane["placed"]]
        places = np.linspace(0, len(known) - 1, min(per_stack, len(known))).round().astype(int)
        for plane in (known[place] for place in places):
            values = np.load(Path(studies_dir).resolve() / plane["file"], mmap_mode="r")[0].astype(np.float32)
            images.append(PlaneImage(_name(stack, plane, count=len(planes)), stack, _affine(plane), values))
    return images


def _name(stack: str, plane: Record, *, count: int) -> str:
    return f"{stack} {plane['number'] + 1}" if count > 1 else stack


def _affine(plane: Record) -> torch.Tensor:
    return torch.tensor(plane["affine"], dtype=torch.float64)


def _unplaced(every: Stacks, placed: Stacks) -> Iterator[str]:
    lost = [name for name in every if name not in placed]
    if lost:
        yield f"no place in space: {', '.join(lost)}; of use for slice location alone"


def _missing(stacks: Stacks, pairs: Mapping[str, Sequence[str]], *, placed: Stacks) -> Iterator[str]:
    hosts, views = ({planes[0]["view"] for planes in each.values()} for each in (stacks, placed))
    if not hosts.intersection(pairs):
        yield f"views missing: none of the hosts {', '.join(pairs)}"
    for host, guests in pairs.items():
        lost = dict.fromkeys(guest.partition(":")[0] for guest in guests)
        absent = [guest for guest in lost if guest not in views]
        if host in views and absent:
            yield f"views missing: no {', '.join(absent)} to cut {host}"


def _sheared(stacks: Stacks) -> Iterator[str]:
    for name, planes in stacks.items():
        along, down = _affine(planes[0])[:3, :2].T
        angle = math.degrees(math.atan2(float(torch.linalg.cross(along, down).norm()), float(along @ down)))
        if abs(angle - 90) > RIGHT_ANGLE_DEG:
            yield f"axes not at right angles: columns and rows of {name} meet at {angle:.1f} degrees"


def _uneven(name: str, planes: Sequence[Record]) -> Iterator[str]:
    positions = sorted(set(np.round(slice_positions([_affine(plane) for plane in planes], None), 2)))
    gaps = np.diff(positions)
    if len(gaps) > 1 and np.abs(gaps - np.median(gaps)).max() > EVEN_SHARE * np.median(gaps):
        yield f"uneven gaps: slices of {name} lie {gaps.min():.1f} to {gaps.max():.1f} mm apart"


def _crooked(name: str, planes: Sequence[Record]) -> Iterator[str]:
    """Complain if first pixels do not lie on a straight line, which may be oblique to the slices."""
    affines = [_affine(plane) for plane in planes]
    positions = np.array(slice_positions(affines, None))
    if len(set(np.round(positions, 2))) < 3:
        return
    line = np.stack([positions, np.ones(len(positions))], axis=1)
    origins = torch.stack(affines)[:, :3, 3].numpy()
    beside = origins - line @ np.linalg.lstsq(line, origins, rcond=None)[0]
    distance = np.linalg.norm(beside, axis=1).max()
    if distance > STRAIGHT_MM:
        yield f"crooked stack: slices of {name} lie up to {distance:.1f} mm beside a straight line"


def _turned(stacks: Stacks, directions: Mapping[str, Any]) -> Iterator[str]:
    for name, planes in stacks.items():
        direction = directions.get(planes[0]["view"])
        if len(planes) < 3 or direction is None or isinstance(direction, str):
            continue
        affines = [_affine(plane) for plane in planes]
        reference = torch.tensor([-direction[0], -direction[1], direction[2]], dtype=torch.float64)
        cosine = abs(float(stack_direction(affines, None) @ reference / reference.norm()))
        angle = math.degrees(math.acos(min(1.0, cosine)))
        if angle > TURNED_DEG:
            yield (
                f"unusual direction: {name} runs {angle:.0f} degrees from the way given for its view; if that holds "
                "for many studies, all their planes may be in the wrong patient frame (LPS for RAS)"
            )


def _doubled(stacks: Stacks) -> Iterator[str]:
    named = [(_name(name, plane, count=len(planes)), plane) for name, planes in stacks.items() for plane in planes]
    views: dict[str, list[tuple[str, torch.Tensor]]] = {}
    for name, plane in named:
        views.setdefault(plane["view"], []).append((name, _affine(plane)))
    for (one, first), (other, second) in (pair for group in views.values() for pair in combinations(group, 2)):
        if float((first - second)[:3, 3].norm()) < SAME_MM and angle_between_deg(first, second) < SAME_DEG:
            yield f"duplicates: {one} and {other} lie at the same place"


def _apart(stacks: Stacks, pairs: Mapping[str, Sequence[str]]) -> Iterator[str]:
    affines = [_affine(planes[0]) for planes in stacks.values()]
    if len(affines) > 1 and all(angle_between_deg(affines[0], other) < LEAST_ANGLE_DEG for other in affines):
        yield "all planes are parallel: none cuts another"
        return
    for name, hosts in stacks.items():
        wanted = {guest.partition(":")[0] for guest in pairs.get(hosts[0]["view"], ())}
        for other, guests in stacks.items():
            if guests[0]["view"] in wanted and other != name:
                yield from _not_cutting(name, hosts, other=other, guest=_affine(guests[len(guests) // 2]))


def _not_cutting(name: str, hosts: Sequence[Record], *, other: str, guest: torch.Tensor) -> Iterator[str]:
    angle = angle_between_deg(_affine(hosts[0]), guest)
    if angle < LEAST_ANGLE_DEG:
        yield f"parallel guest: {other} and {name} meet at {angle:.1f} degrees, less than {LEAST_ANGLE_DEG:g}"
    elif not any(line_status(_affine(host), guest, size=host["size"]) == "intersects" for host in hosts):
        yield f"planes do not meet: {other} cuts no image of {name}"


def _out_of_step(stacks: Stacks) -> Iterator[str]:
    frames = {name: sorted({plane["frames"] for plane in planes}) for name, planes in stacks.items()}
    if len({count for counts in frames.values() for count in counts} - {1}) > 1:
        told = (f"{' or '.join(map(str, counts))} in {name}" for name, counts in frames.items())
        yield f"time frames differ: {', '.join(told)}"
