"""A look at every image before anything is trained on it."""

from __future__ import annotations

import hashlib
import logging
import math
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from medssl.data.files import content_hash, fingerprint, first_file
from medssl.data.reading import read_image
from medssl.data.records import read_json, write_json
from medssl.data.words import switch
from medssl.geometry import array_axes, is_singular, voxel_size

__all__ = ["data_hash", "image_facts", "usable_cases"]

logger = logging.getLogger(__name__)
FEW_VALUES = 128  # label maps of whole bodies know about 120 structures, images many more grey values
SECONDS_BETWEEN_WRITES = 20.0
SAME_DIRECTION, SAME_ORIGIN_MM = 1e-3, 0.1  # the first in voxels


def usable_cases(
    cases: Sequence[dict[str, Any]],
    *,
    manifest: str = "none_given",
    strict: bool = False,
    min_shape: Sequence[int] = (2, 2, 2),
    spacing: Sequence[float] = (),
) -> list[dict[str, Any]]:
    """The cases whose files can be read and used; the others are named, counted and left out.

    Every file is read once; what was seen is kept in the manifest, so that the next run reads only what has changed.

    Args:
        cases: what :func:`find_cases` gives.
        manifest: JSON file of what was seen, without names of files or patients; ``none_given`` for none.
        strict: whether one bad case is an error.
        min_shape: fewest voxels along each axis, left to right first; as many numbers as an image must have axes.
        spacing: voxel size in mm to which images will be resampled before ``min_shape`` matters; empty if they stay.

    Returns:
        The good cases, in their order.

    Raises:
        ValueError: if no case is left, or one is bad and ``strict`` holds.
    """
    switch(strict, "strict")
    seen = _Manifest(manifest)
    bad: list[str] = []
    good: list[dict[str, Any]] = []
    for case in cases:
        problem = _problem(case, seen, needed=tuple(min_shape), spacing=tuple(spacing))
        if problem:
            bad.append(f"{_short(case['image'], cases)}: {problem}")
            logger.warning("left out %s", bad[-1])
        else:
            good.append({key: value for key, value in case.items() if key != "listed"})
    seen.write()
    if bad and (strict or not good):
        reason = "strict allows none" if good else "none is left"
        raise ValueError(
            f"{len(bad)} of {len(cases)} cases are bad, {reason}; correct or remove them:\n" + "\n".join(bad[:20])
        )
    if bad:
        logger.warning("left out %d of %d cases.", len(bad), len(cases))
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


def image_facts(path: str | Sequence[str]) -> dict[str, Any]:
    """What is to be known of one image.

    Args:
        path: what a case names.

    Returns:
        ``sha256``, ``affine``, ``grid`` (voxels along the array's axes), ``shape`` and ``spacing`` (along the patient's
        axes), ``range``, ``few_values`` (number of different values if all are whole and few, else 0); or ``problem``.
    """
    try:
        digest = content_hash(path)
        image, affine = read_image(path)
    except Exception as error:  # readers raise all sorts
        return {"problem": f"cannot be read ({_reason(error, path)}); copy it again or remove it"}
    if not bool(torch.isfinite(image).all()):
        count = int((~torch.isfinite(image)).sum())
        return {"sha256": digest, "problem": f"holds {count} values that are NaN or infinite; replace them"}
    if is_singular(affine):
        return {"sha256": digest, "problem": "its affine is singular, so voxels have no size; correct the header"}
    grid, sizes = list(image.shape[1:]), voxel_size(affine).tolist()[: image.ndim - 1]
    axes = array_axes(affine) if len(grid) == 3 else range(len(grid))
    return {
        "sha256": digest,
        "affine": affine.tolist(),
        "grid": grid,
        "shape": [grid[axis] for axis in axes],
        "spacing": [round(sizes[axis], 6) for axis in axes],
        "range": [float(image.min()), float(image.max())],
        "few_values": _few_values(image),
    }


class _Manifest:
    def __init__(self, path: str) -> None:
        self.path = None if path == "none_given" else Path(path)
        self.images: dict[str, dict[str, Any]] = {}
        self.written = time.monotonic()
        if self.path is not None and self.path.is_file():
            known = read_json(self.path)["images"]
            self.images = {key: facts for key, facts in known.items() if "affine" in facts}  # older ones had none

    def facts(self, path: Any) -> dict[str, Any]:
        try:
            key = fingerprint(path)
        except OSError as error:
            return {"problem": f"{_reason(error, path)}; correct the list or copy it there"}
        if key not in self.images:
            facts = image_facts(path)
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
            write_json(self.path, {"images": self.images})


def _problem(case: dict[str, Any], seen: _Manifest, *, needed: tuple[int, ...], spacing: tuple[float, ...]) -> str:
    facts = seen.facts(case["image"])
    problem = str(facts.get("problem", "")) or _misfit(facts, needed=needed, spacing=spacing)
    if not problem and facts["few_values"] and not case.get("listed"):
        problem = (
            f"looks like a label map ({facts['few_values']} whole-number values); "
            "give a label_glob, or list it in a dataset.json if it is an image"
        )
    if problem or "label" not in case:
        return problem
    label = seen.facts(case["label"])
    if "problem" in label:
        return f"label: {label['problem']}"
    if label["grid"] != facts["grid"]:
        return f"its label has the shape {label['grid']}, the image {facts['grid']}; resample one to the other"
    return _shifted(torch.tensor(facts["affine"]), torch.tensor(label["affine"]))


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
    if len(shape) != len(needed) or (len(needed) == 3 and 1 in shape):
        return f"is {len(shape)}D of shape {shape} where {len(needed)}D is needed; give volumes, not single slices"
    sizes = facts["spacing"]
    resampled = [round(n * size / new) for n, size, new in zip(shape, sizes, spacing or sizes, strict=True)]
    if any(length < least for length, least in zip(resampled, needed, strict=True)):
        came = f"{shape}" if resampled == shape else f"{resampled} after resampling from {shape}"
        return f"has the shape {came}, needed are at least {list(needed)} voxels; use larger images or smaller crops"
    return ""


def _few_values(image: torch.Tensor) -> int:
    flat = image.flatten()
    for values in (flat[:: math.ceil(len(flat) / 50_000)], flat):  # a sample rules out nearly every image
        different = values.unique()
        if len(different) > FEW_VALUES or bool((different != different.round()).any()) or float(different[0]) < 0:
            return 0
    return len(different)


def _reason(error: Exception, path: Any) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip() and not line.startswith(os.sep)]
    text = " ".join(lines)[:200] or type(error).__name__
    for part in [path] if isinstance(path, str) else path:
        text = text.replace(f"{part}", Path(part).name).replace(f"{Path(part).parent}{os.sep}", "")
    return text


def _short(image: Any, cases: Sequence[dict[str, Any]]) -> str:
    folders = {str(Path(first_file(case["image"])).parent) for case in cases}
    return os.path.relpath(first_file(image), os.path.commonpath(folders))
