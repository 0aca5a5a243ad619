"""Series of DICOM slices in a folder, each of them one image."""

from __future__ import annotations

import warnings
from functools import lru_cache
from pathlib import Path

from monai.utils import optional_import

__all__ = ["dicom_patient", "is_dicom", "series_files", "series_in"]

itk, _ = optional_import("itk")
pydicom, _ = optional_import("pydicom")
MARK = "?series="


def is_dicom(path: Path) -> bool:
    """Whether a file is a DICOM slice, by its suffix or, where it has none, by its first bytes."""
    if path.suffix.lower() in (".dcm", ".ima"):
        return True
    if path.suffix and not path.suffix[1:].isdigit():
        return False
    with path.open("rb") as stream:
        return stream.read(132)[128:] == b"DICM"


def series_in(folder: Path, home: str) -> list[str]:
    """The series of one folder, as paths that the readers understand.

    Args:
        folder: where the path starts.
        home: the folder of slices, relative to it.

    Returns:
        The folder itself where it holds one series, otherwise one path a series.
    """
    identifiers = sorted(_files_by_series(str(folder / home)))
    return [home] if len(identifiers) == 1 else [f"{home}{MARK}{identifier}" for identifier in identifiers]


def series_files(path: str) -> list[Path]:
    """The slices of a series from one end to the other; none if the path is no series.

    Args:
        path: a folder of slices, with the series' identifier where it holds several.

    Raises:
        ValueError: if it holds several and none is named.
    """
    home, _, identifier = path.partition(MARK)
    if not Path(home).is_dir():
        return []
    series = _files_by_series(home)
    if not identifier and len(series) > 1:
        raise ValueError(
            f"{Path(home).name} holds {len(series)} DICOM series; name one by adding {MARK!r} and its UID."
        )
    return series.get(identifier or next(iter(series), ""), [])


def dicom_patient(path: str) -> str:
    """The PatientID of a series or a single DICOM file; empty if the path is neither or the file does not say."""
    alone = Path(path).is_file() and is_dicom(Path(path))
    slices = [Path(path)] if alone else series_files(path)
    if not slices:
        return ""
    header = pydicom.dcmread(slices[0], stop_before_pixels=True, specific_tags=["PatientID"], force=True)
    return str(header.get("PatientID", "") or "").strip()


@lru_cache(maxsize=4096)
def _files_by_series(home: str) -> dict[str, list[Path]]:
    names = itk.GDCMSeriesFileNames.New()
    names.SetUseSeriesDetails(False)
    names.SetDirectory(home)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {uid: [Path(name) for name in names.GetFileNames(uid)] for uid in names.GetSeriesUIDs()}
