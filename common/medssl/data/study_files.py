"""The planes of every kind of file that a case of a study may name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from monai.utils import optional_import

from medssl.data.files import first_file, image_files
from medssl.data.radiograph_files import rescaled_values
from medssl.data.reading import read_image
from medssl.data.series import is_dicom, series_files
from medssl.data.study_headers import Frame, frame_headers, frames_of, gathered, only_one
from medssl.data.study_planes import StudyImage, StudyPlane, chosen_frames, require_right_angle, upright
from medssl.geometry import slice_affine

__all__ = ["read_planes", "series_description"]

pydicom, _ = optional_import("pydicom")
IDENTIFIERS = {
    "PatientID": "patients",
    "StudyInstanceUID": "studies",
    "FrameOfReferenceUID": "frames of reference",
}
NOTHING_MM = 1e-4
SECONDS = {"sec": 1000.0, "msec": 1.0, "usec": 0.001}  # in ms


def read_planes(path: str | Path | Sequence[str], *, frames: str | Sequence[int] = "all") -> StudyImage:
    """All planes of one image.

    Args:
        path: what a case names: a DICOM series or file, also an enhanced one of several frames; NIfTI of one plane
            ``(W, H)``, a stack ``(W, H, S)`` or a stack over time ``(W, H, S, T)``; or another volume that
            :func:`read_image` reads.
        frames: which frames of each plane to keep, see :func:`chosen_frames`.

    Raises:
        ValueError: if it lies nowhere in particular, holds values that are no numbers, mixes patients or spaces, or is
            no stack of planes.
    """
    name = Path(first_file(path)).name
    if _dicom_files(path):
        image = _dicom_planes(path, name=name, frames=frames)
    elif name.lower().endswith((".nii", ".nii.gz")):
        image = _nifti_planes(first_file(path), name=name, frames=frames)
    else:
        values, affine = read_image(path)
        if values.ndim != 4 or len(values) != 1:
            raise ValueError(f"{name} has the shape {list(values.shape)}; needed are the planes of one volume.")
        planes = _slices(values[0].numpy()[..., None], affine.numpy(), name=name, frames=frames)
        image = StudyImage(planes, placed=_turned_or_moved(affine.numpy()))
    strange = sum(int((~np.isfinite(plane.values)).sum()) for plane in image.planes)
    if strange:
        raise ValueError(f"{name} holds {strange} values that are NaN or infinite; replace them.")
    return image


def series_description(path: str | Path | Sequence[str]) -> str:
    """What the scanner called a series; empty if the path is no DICOM or it does not say.

    Args:
        path: what a case names.
    """
    files = _dicom_files(path)
    if not files:
        return ""
    header = pydicom.dcmread(files[0], stop_before_pixels=True, specific_tags=["SeriesDescription"], force=True)
    return str(header.get("SeriesDescription", "") or "").strip()


def _dicom_files(path: str | Path | Sequence[str]) -> list[Path]:
    first = Path(first_file(path))
    if first.is_file():
        return image_files(path) if is_dicom(first) else []
    return series_files(str(first))


def _dicom_planes(path: str | Path | Sequence[str], *, name: str, frames: str | Sequence[int]) -> StudyImage:
    read = [(file, pydicom.dcmread(file)) for file in _dicom_files(path)]
    files = list({str(data.get("SOPInstanceUID", file)): (file, data) for file, data in read}.values())  # copies once
    _, study, reference = (
        only_one([data.get(word) for _, data in files], what, name=name) for word, what in IDENTIFIERS.items()
    )
    found = [frame for number, (file, data) in enumerate(files) for frame in frames_of(data, file.name, file=number)]
    pixels = [_pixels(data, file) for file, data in files]
    planes = [_dicom_plane(plane, pixels, frames=frames) for plane in gathered(found)]
    return StudyImage(tuple(planes), study=study, frame_of_reference=reference)


def _pixels(data: Any, file: Path) -> list[np.ndarray]:
    if "PixelData" not in data or int(data.get("SamplesPerPixel") or 1) != 1:
        raise ValueError(f"{file.name} holds no grey values; export the images themselves, or leave it out.")
    headers = frame_headers(data)
    if headers[0] is data:
        return [rescaled_values(data, file)]
    frames = data.pixel_array.reshape(-1, int(data.Rows), int(data.Columns))
    return [_rescaled(frame, header) for frame, header in zip(frames, headers, strict=True)]


def _rescaled(values: np.ndarray, header: Any) -> np.ndarray:
    return values * float(header.get("RescaleSlope") or 1) + float(header.get("RescaleIntercept") or 0)


def _dicom_plane(plane: list[Frame], pixels: list[list[np.ndarray]], *, frames: str | Sequence[int]) -> StudyPlane:
    kept = [plane[number] for number in chosen_frames(len(plane), frames)]
    values = np.stack([pixels[frame.pixels[0]][frame.pixels[1]].T for frame in kept])
    times = tuple(frame.time_ms for frame in kept if frame.time_ms is not None)
    times = times if len(times) == len(kept) else ()
    return StudyPlane(values, plane[0].affine, times, plane[0].thickness_mm)


def _nifti_planes(path: str, *, name: str, frames: str | Sequence[int]) -> StudyImage:
    image = nib.load(path)
    shape = [*image.shape, 1, 1][: max(4, image.ndim)]
    while len(shape) > 4 and shape[-1] == 1:
        shape.pop()
    if image.ndim < 2 or len(shape) > 4 or 1 in shape[:2] or image.get_data_dtype().names:
        raise ValueError(
            f"{name} has the shape {list(image.shape)} of {image.get_data_dtype()}; needed are planes (W, H), "
            "(W, H, S) or, over time, (W, H, S, T) of grey values."
        )
    placed = _is_placed(image)
    affine = np.asarray(image.affine, dtype=np.float64) if placed else _voxels(image)
    values = np.asarray(image.dataobj).reshape(shape)
    planes = _slices(values, affine, name=name, frames=frames, step_ms=_step_ms(image))
    return StudyImage(planes, placed=placed)


def _slices(
    values: np.ndarray, affine: np.ndarray, *, name: str, frames: str | Sequence[int], step_ms: float = 0.0
) -> tuple[StudyPlane, ...]:
    kept = chosen_frames(values.shape[3], frames)
    times = tuple(number * step_ms for number in kept) if step_ms else ()
    thickness = float(np.linalg.norm(affine[:3, 2])) if values.shape[2] == 1 else 0.0
    require_right_angle(affine, name)
    chosen = np.moveaxis(values[..., kept], (2, 3), (0, 1))  # (S, T, W, H)
    places = [upright(slice_affine(affine, number).numpy()) for number in range(len(chosen))]
    return tuple(StudyPlane(own, place, times, thickness) for own, place in zip(chosen, places, strict=True))


def _is_placed(image: Any) -> bool:
    """Whether the file says where it lies: not, if it has no affine, or one without any turn and shift."""
    known = int(image.header["sform_code"]) or int(image.header["qform_code"])
    return bool(known) and _turned_or_moved(np.asarray(image.affine))


def _turned_or_moved(affine: np.ndarray) -> bool:
    turned = np.abs(affine[:3, :3] - np.diag(np.diag(affine[:3, :3]))).max() > NOTHING_MM
    return bool(turned or np.abs(affine[:3, 3]).max() > NOTHING_MM)


def _voxels(image: Any) -> np.ndarray:
    sizes = [float(size) or 1.0 for size in image.header["pixdim"][1:4]]  # which outlives many a lost affine
    return np.diag([*sizes, 1.0])


def _step_ms(image: Any) -> float:
    unit = SECONDS.get(image.header.get_xyzt_units()[1], 0.0)
    return float(image.header["pixdim"][4]) * unit if image.ndim > 3 else 0.0
