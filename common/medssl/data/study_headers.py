"""What DICOM headers say of the planes of a study: where each frame lies and when it was taken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from monai.utils import optional_import

from medssl.data.study_planes import require_right_angle
from medssl.geometry import dicom_affine

__all__ = ["Frame", "frame_headers", "frames_of", "gathered", "only_one"]

pydicom, _ = optional_import("pydicom")
SAME_MM = 0.1
NEEDED = {"ImagePositionPatient": 3, "ImageOrientationPatient": 6, "PixelSpacing": 2}
TIMES = ("TriggerTime", "NominalCardiacTriggerDelayTime")
ORDERS = ("TemporalPositionIdentifier", "TemporalPositionIndex", "InstanceNumber")


@dataclass(frozen=True)
class Frame:
    """One frame as a header places it.

    Args:
        affine: RAS, float64, ``(4, 4)``.
        size: columns and rows.
        time_ms: after the R wave; none where the header does not say.
        order: what sorts frames of one place that have no times.
        pixels: number of the file, and of the frame in it.
        thickness_mm: of the slice; 0 where the header does not say.
    """

    affine: np.ndarray
    size: tuple[int, int]
    time_ms: float | None
    order: tuple[int, ...]
    pixels: tuple[int, int]
    thickness_mm: float

    @property
    def corners(self) -> np.ndarray:
        """Where the first pixel and the far ends of its row and column lie, in mm, ``(3, 3)``."""
        across, down = (length - 1 for length in self.size)
        return self.affine[:3] @ np.array([[0, across, 0], [0, 0, down], [0, 0, 0], [1, 1, 1]])


def frames_of(data: Any, name: str, *, file: int) -> list[Frame]:
    """The frames of one file: one, or as many as its functional groups place.

    Args:
        data: a DICOM data set.
        name: of the file, for messages.
        file: its number in the series.

    Raises:
        ValueError: if a frame has no position, orientation or pixel spacing, or its axes meet at no right angle.
    """
    if "PerFrameFunctionalGroupsSequence" not in data and int(data.get("NumberOfFrames") or 1) > 1:
        raise ValueError(
            f"{name} holds {data.NumberOfFrames} frames and says of none where it lies; export enhanced multi-frame "
            "files with their functional groups, or one file a frame."
        )
    size = (int(data.Columns), int(data.Rows))
    return [_frame(header, size, pixels=(file, number), name=name) for number, header in enumerate(frame_headers(data))]


def frame_headers(data: Any) -> list[Any]:
    """One header a frame: the file's own, or of an enhanced one what its functional groups hold, shared and per frame.

    Args:
        data: a DICOM data set.
    """
    if "PerFrameFunctionalGroupsSequence" not in data:
        return [data]
    shared = list(data.get("SharedFunctionalGroupsSequence") or [])
    return [_flat([*shared, groups]) for groups in data.PerFrameFunctionalGroupsSequence]


def gathered(frames: Sequence[Frame]) -> list[list[Frame]]:
    """Frames by plane, each plane's in the order of time.

    Frames whose corners lie within 0.1 mm are of one plane. They are sorted by their times where all have one of their
    own, else by temporal position and instance number.

    Args:
        frames: of a whole series.
    """
    planes: list[list[Frame]] = []
    for frame in frames:
        home = next((plane for plane in reversed(planes) if _same_place(plane[0], frame)), None)
        if home is None:
            planes.append([frame])
        else:
            home.append(frame)
    return [_in_time(plane) for plane in planes]


def only_one(values: Sequence[Any], what: str, *, name: str) -> str:
    """The one value that files of a series have, leaving out blank ones; empty if all are blank.

    Args:
        values: one a file.
        what: what they are, in the plural, for the message.
        name: of the series, for the message.

    Raises:
        ValueError: if they differ.
    """
    known = {str(value).strip() for value in values if value not in (None, "")} - {""}
    if len(known) > 1:
        raise ValueError(f"{name} mixes {len(known)} {what} in one series; sort its files into one folder for each.")
    return next(iter(known), "")


def _flat(groups: list[Any]) -> Any:
    header = pydicom.Dataset()
    for group in (element for elements in groups for element in elements):
        if group.VR == "SQ" and group.value:
            header.update(group.value[0])
    return header


def _frame(header: Any, size: tuple[int, int], *, pixels: tuple[int, int], name: str) -> Frame:
    missing = [word for word, length in NEEDED.items() if len(header.get(word) or ()) != length]
    if missing:
        raise ValueError(
            f"{name} has no {' and no '.join(missing)}, so nobody can say where it lies; export it with its geometry, "
            "or leave it out."
        )
    position, orientation, spacing = ([float(number) for number in header[word].value] for word in NEEDED)
    lengths = [float(np.linalg.norm(orientation[:3])), float(np.linalg.norm(orientation[3:]))]
    if max(abs(length - 1) for length in lengths) > 0.01:
        raise ValueError(
            f"{name} has an ImageOrientationPatient whose directions have the lengths "
            f"{lengths[0]:.4g} and {lengths[1]:.4g}, needed is 1; correct its header."
        )
    thickness = float(header.get("SliceThickness") or 0)
    affine = dicom_affine(position, orientation, spacing=spacing, thickness=thickness or 1.0).numpy()
    require_right_angle(affine, name)
    times = [float(header[word].value) for word in TIMES if header.get(word) not in (None, "")]
    order = tuple(int(header.get(word) or 0) for word in ORDERS)
    return Frame(affine, size, times[0] if times else None, (*order, *pixels), pixels, thickness)


def _same_place(one: Frame, other: Frame) -> bool:
    return one.size == other.size and bool(np.abs(one.corners - other.corners).max() < SAME_MM)


def _in_time(plane: list[Frame]) -> list[Frame]:
    times = {frame.time_ms for frame in plane}
    if None in times or len(times) < len(plane):
        return sorted(plane, key=lambda frame: frame.order)
    return sorted(plane, key=lambda frame: frame.time_ms or 0.0)
