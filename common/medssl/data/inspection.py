"""A look at every image before anything is trained on it."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import torch

from medssl.data.facts import image_facts, plane_facts, reason
from medssl.data.files import content_hash, fingerprint, short_name
from medssl.data.omissions import report_omissions
from medssl.data.records import read_json
from medssl.data.replacing import write_whole
from medssl.data.stored_plane import checked_window
from medssl.data.words import switch
from medssl.geometry import voxel_size

__all__ = ["data_hash", "usable_cases"]

logger = logging.getLogger(__name__)
LEAST_CONTRAST = 10  # of 255 grey values; the palest of 5,840 radiographs has 85
SECONDS_BETWEEN_WRITES = 20.0
SAME_DIRECTION, SAME_ORIGIN_MM = 1e-3, 0.1  # the first in voxels


def usable_cases(
    cases: Sequence[dict[str, Any]],
    *,
    manifest: str = "none_given",
    strict: bool = False,
    min_shape: Sequence[int] = (2, 2, 2),
    spacing: Sequence[float] = (),
    window: str | Sequence[float] = "auto",
) -> list[dict[str, Any]]:
    """The cases whose files can be read and used; the others are named, counted and left out.

    Every file is read once; what was seen is kept in the manifest, so that the next run reads only what has changed.

    Args:
        cases: what :func:`find_cases` gives.
        manifest: JSON file of what was seen, without names of files or patients; ``none_given`` for none.
        strict: whether one bad case is an error.
        min_shape: fewest voxels along each axis, left to right first; as many numbers as an image must have axes. With
            two, images are read as :func:`medssl.data.read_plane` reads them.
        spacing: voxel size in mm to which images will be resampled before ``min_shape`` matters; empty if they stay.
        window: of pictures, see :func:`medssl.data.read_plane`; they must have some contrast in it.

    Returns:
        The good cases, in their order.

    Raises:
        ValueError: if no case is left, or one is bad and ``strict`` holds.
    """
    switch(strict, "strict")
    seen = _Manifest(manifest, "" if len(min_shape) == 3 else checked_window(window))
    bad: list[str] = []
    good: list[dict[str, Any]] = []
    for case, facts in zip(cases, seen.of_cases(cases), strict=True):
        problem = _problem(case, facts, needed=tuple(min_shape), spacing=tuple(spacing)) or _pale(facts[0], window)
        if problem:
            bad.append(f"{short_name(case['image'], [each['image'] for each in cases])}: {problem}")
            logger.warning("left out %s", bad[-1])
        else:
            good.append({key: value for key, value in case.items() if key != "listed"})
    seen.write()
    report_omissions(bad, len(cases), strict=strict)
    return good


def data_hash(cases: Sequence[dict[str, Any]], manifest: str = "none_given") -> str:
    """One SHA-256 over the bytes of all images and over which of them belong to one patient.

    Names, places and the order of the cases do not matter.

    Args:
        cases: what :func:`usable_cases` gives.
        manifest: where that wrote what it saw, so that files need not be read again.
    """
    seen = _Manifest(manifest)
    groups: dict[str, list[str]] = {}
    for number, case in enumerate(cases):  # lists from elsewhere name no patients: each image is taken for one
        groups.setdefault(case.get("patient", str(number)), []).append(seen.content_hash(case["image"]))
    return hashlib.sha256(str(sorted(sorted(group) for group in groups.values())).encode()).hexdigest()


class _Manifest:
    def __init__(self, path: str, window: str | tuple[float, float] = "") -> None:
        self.path = None if path == "none_given" else Path(path).resolve()
        self.window = window  # empty for volumes
        self.images: dict[str, dict[str, Any]] = {}
        self.written = time.monotonic()
        if self.path is not None and self.path.is_file():
            known = read_json(self.path)["images"]
            self.images = {key: facts for key, facts in known.items() if "affine" in facts}  # older ones had none

    def of_cases(self, cases: Sequence[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
        if not self.window:
            yield from map(self._of_case, cases)
            return
        with ThreadPoolExecutor(os.cpu_count()) as threads:
            yield from threads.map(self._of_case, cases)

    def _of_case(self, case: dict[str, Any]) -> list[dict[str, Any]]:
        image = self._facts(case["image"], self.window)
        if "problem" in image or "label" not in case:
            return [image]
        return [image, self._facts(case["label"], self.window and "none")]

    def _facts(self, path: Any, window: str | tuple[float, float]) -> dict[str, Any]:
        try:
            key = fingerprint(path)
        except OSError as error:
            return {"problem": f"{reason(error, path)}; correct the list or copy it there"}
        if key not in self.images or (window and str(window) not in self.images[key].get("contrast", {})):
            facts = plane_facts(path, window=window) if window else image_facts(path)
            if "problem" in facts:  # looked at anew next time: the fault may have been a missing library
                return facts
            self.images[key] = facts
            if time.monotonic() - self.written > SECONDS_BETWEEN_WRITES:
                self.write()
        return self.images[key]

    def content_hash(self, path: Any) -> str:
        return self.images.get(fingerprint(path), {}).get("sha256") or content_hash(path)

    def write(self) -> None:
        self.written = time.monotonic()
        if self.path is not None:
            content = json.dumps({"images": dict(self.images)})  # on one line, which is ten times as fast
            write_whole(self.path, content.encode())


def _problem(
    case: dict[str, Any], facts: Sequence[dict[str, Any]], *, needed: tuple[int, ...], spacing: tuple[float, ...]
) -> str:
    image = facts[0]
    problem = str(image.get("problem", "")) or _misfit(image, needed=needed, spacing=spacing)
    if not problem and image["few_values"] and not case.get("listed"):
        problem = (
            f"looks like a label map ({image['few_values']} whole-number values); "
            "give a label_glob, or list it in a dataset.json if it is an image"
        )
    if problem or len(facts) == 1:
        return problem
    label = facts[1]
    if "problem" in label:
        return f"label: {label['problem']}"
    if label["grid"] != image["grid"]:
        return f"its label has the shape {label['grid']}, the image {image['grid']}; resample one to the other"
    if len(needed) == 2 and torch.eye(4).tolist() in (label["affine"], image["affine"]):
        return ""  # picture files have no place in space
    return _shifted(torch.tensor(image["affine"]), torch.tensor(label["affine"]))


def _pale(facts: dict[str, Any], window: str | Sequence[float]) -> str:
    if not facts.get("contrast"):
        return ""
    window = checked_window(window)
    contrast = facts["contrast"][str(window)]
    if contrast >= LEAST_CONTRAST:
        return ""
    chosen = f"window {window!r}" if isinstance(window, str) else f"window [{window[0]:g}, {window[1]:g}]"
    low, high = facts["range"]
    return (
        f"has nearly no contrast in the {chosen}: {contrast:.0f} of 255 grey values, from values between {low:g} and "
        f"{high:g}; give a window in which they differ, or remove it"
    )


def _shifted(image: torch.Tensor, label: torch.Tensor) -> str:
    difference = (image - label)[:-1].abs()
    direction, origin = float((difference[:, :-1] / voxel_size(image)).max()), float(difference[:, -1].max())
    if direction <= SAME_DIRECTION and origin <= SAME_ORIGIN_MM:
        return ""
    return (
        f"its label lies elsewhere: the origins of the affines differ by {origin:.4g} mm, the axes by {direction:.4g} "
        "voxels a step; copy the image's affine into the label if their voxels agree, else resample the label"
    )


def _misfit(facts: dict[str, Any], *, needed: tuple[int, ...], spacing: tuple[float, ...]) -> str:
    shape = facts["shape"]
    if len(shape) != len(needed) or (min(needed) > 1 and 1 in shape):
        return f"is {len(shape)}D of shape {shape} where {len(needed)}D is needed; give volumes, not single slices"
    sizes = facts["spacing"]
    resampled = [round(n * size / new) for n, size, new in zip(shape, sizes, spacing or sizes, strict=True)]
    if any(length < least for length, least in zip(resampled, needed, strict=True)):
        came = f"{shape}" if resampled == shape else f"{resampled} after resampling from {shape}"
        points = "voxels" if len(needed) == 3 else "pixels"
        return f"has the shape {came}, needed are at least {list(needed)} {points}; use larger images or smaller crops"
    return ""
