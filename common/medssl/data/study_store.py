"""The planes of cases as arrays on disk, and what is known of each file they came from."""

from __future__ import annotations

import hashlib
import io
import json
import logging
import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from medssl.data.facts import few_values, unreadable
from medssl.data.files import content_hash, fingerprint
from medssl.data.records import read_json
from medssl.data.replacing import write_whole
from medssl.data.study_files import read_planes
from medssl.data.study_planes import StudyImage, StudyPlane

__all__ = ["StudyStore"]

logger = logging.getLogger(__name__)
SECONDS_BETWEEN_WRITES = 20.0


class StudyStore:
    """A folder of planes, each ``(T, W, H)`` in a file of its own, named by the bytes that it came from.

    A file that is unchanged since it was stored is not read again, so storing continues where it was cut off.

    Args:
        studies_dir: the folder; ``sources.json`` in it, which :func:`medssl.data.data_hash` takes as its manifest,
            holds neither names of files nor of patients.
        frames: which frames of each plane to keep, see :func:`medssl.data.study_planes.chosen_frames`.
    """

    def __init__(self, studies_dir: str | Path, frames: str | Sequence[int] = "all") -> None:
        self.folder, self.frames = Path(studies_dir).resolve(), frames
        self.path = self.folder / "sources.json"
        self.images: dict[str, dict[str, Any]] = read_json(self.path)["images"] if self.path.is_file() else {}
        self.written = time.monotonic()

    def of_images(self, images: Sequence[Any]) -> Iterator[dict[str, Any]]:
        """What is known of each image, which is stored first where it is not yet.

        Args:
            images: what cases name.

        Returns:
            One by one ``planes`` (dictionaries with ``file``, ``affine``, ``size``, ``frames``, ``times_ms`` and
            ``thickness_mm``), ``placed``, ``study`` and ``frame_of_reference`` (digests, empty if unknown),
            ``few_values``; or ``problem``.
        """
        with ThreadPoolExecutor(os.cpu_count()) as threads:
            for number, facts in enumerate(threads.map(self._of_image, images), 1):
                if time.monotonic() - self.written > SECONDS_BETWEEN_WRITES:
                    logger.info("planes: stored %d of %d images.", number, len(images))
                    self._write()
                yield facts
        self._write()

    def _of_image(self, image: Any) -> dict[str, Any]:
        try:
            key = fingerprint(image)
            if self._is_stored(self.images.get(key, {})):
                return self.images[key]
            digest, read = content_hash(image), read_planes(image, frames=self.frames)
        except Exception as error:  # readers raise all sorts
            return {"problem": unreadable(error, image)}
        self.images[key] = self._store(read, digest)
        return self.images[key]

    def _is_stored(self, facts: dict[str, Any]) -> bool:
        planes = facts.get("planes", [])
        there = (self.folder / plane["file"] for plane in planes)
        return bool(planes) and facts["kept"] == json.dumps(self.frames) and all(path.is_file() for path in there)

    def _store(self, image: StudyImage, digest: str) -> dict[str, Any]:
        planes = [
            self._store_plane(plane, f"{digest} {json.dumps(self.frames)} {number}")
            for number, plane in enumerate(image.planes)
        ]
        return {
            "sha256": digest,
            "affine": planes[0]["affine"],
            "kept": json.dumps(self.frames),
            "placed": image.placed,
            "study": _digest(image.study),
            "frame_of_reference": _digest(image.frame_of_reference),
            "few_values": few_values(np.concatenate([plane.values.ravel() for plane in image.planes])),
            "planes": planes,
        }

    def _store_plane(self, plane: StudyPlane, key: str) -> dict[str, Any]:
        name = f"planes/{_digest(key)}.npy"
        if not (self.folder / name).is_file():
            content = io.BytesIO()
            np.save(content, _small(plane.values), allow_pickle=False)
            write_whole(self.folder / name, content.getvalue())
        return {
            "file": name,
            "affine": plane.affine.tolist(),
            "size": list(plane.values.shape[1:]),
            "frames": len(plane.values),
            "times_ms": list(plane.times_ms),
            "thickness_mm": plane.thickness_mm,
        }

    def _write(self) -> None:
        self.written = time.monotonic()
        write_whole(self.path, json.dumps({"images": dict(self.images)}).encode())


def _small(values: np.ndarray) -> np.ndarray:
    limits = np.iinfo(np.int16)
    if values.min() >= limits.min and values.max() <= limits.max and bool((values == np.rint(values)).all()):
        return np.ascontiguousarray(values, dtype=np.int16)
    return np.ascontiguousarray(values, dtype=np.float32)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:24] if text else ""
