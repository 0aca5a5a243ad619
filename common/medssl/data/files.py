"""Image files in a folder: which there are, what their names share, what they consist of."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from medssl.data.series import is_dicom, series_files, series_in

__all__ = ["content_hash", "fingerprint", "first_file", "image_files", "matched_files", "short_name", "stem"]

SUFFIXES = {
    2: (".png", ".jpg", ".jpeg", ".tif", ".tiff"),
    3: (".nii", ".nii.gz", ".mhd", ".mha", ".nrrd", ".nhdr"),
}
KNOWN_END = re.compile(
    r"\.(nii|mhd|mha|nrrd|nhdr|b2nd|npy|dcm|ima|img|hdr|tar|png|jpe?g|tiff?)(\.gz|\.bz2)?$", re.IGNORECASE
)
DATA_FILE = re.compile(rb"^(?:ElementDataFile\s*=|data file:)\s*(\S+)\s*$", re.MULTILINE | re.IGNORECASE)


def stem(name: str) -> str:
    """An image's name without folders and without its suffix, ``.nii.gz`` taken as one.

    Only suffixes of images are taken off: a folder of DICOM slices may be called ``1.3.6.1``.
    """
    return KNOWN_END.sub("", PurePosixPath(name).name)


def first_file(path: str | Path | Sequence[str]) -> str:
    """The path that an image is named by: its own, or the first of a list of files that are its channels."""
    return str(path if isinstance(path, str | Path) else path[0])


def short_name(image: str | Path | Sequence[str], images: Sequence[Any]) -> str:
    """An image's path below the folder that holds all images.

    Args:
        image: what a case names.
        images: what all cases name.
    """
    folders = {str(Path(first_file(each)).parent) for each in images}
    return os.path.relpath(first_file(image), os.path.commonpath(folders))


def matched_files(folder: Path, pattern: str, *, spatial_dims: int = 3) -> dict[tuple[str, ...], str]:
    """Files whose names fit a pattern, by what its wildcards stand for.

    An image and its label are partners if their wildcards stand for the same.

    Args:
        folder: where to look, at any depth.
        pattern: ``*`` and ``?`` as in a shell, ``**/`` for any folders; without a slash it fits in every folder.
            ``none_given`` takes every volume, or every picture, of a known kind.
        spatial_dims: 2 for pictures, of which every DICOM file is one; 3 for volumes.

    Returns:
        Image paths relative to the folder; DICOM slices of volumes are gathered to series.
    """
    names = sorted(path.relative_to(folder).as_posix() for path in _visible(folder))
    if pattern == "none_given":
        keys = {name: _parts(name) for name in names if name.lower().endswith(SUFFIXES[spatial_dims])}
        dicom = [name for name in names if name not in keys and is_dicom(folder / name)]
    else:
        matches = {name: match for name in names if (match := re.fullmatch(_expression(pattern), name))}
        keys = {name: match.groups() for name, match in matches.items()}
        dicom = [name for name in keys if is_dicom(folder / name)]
    if spatial_dims == 2:
        single = [name for name in dicom if name not in keys and PurePosixPath(name).name != "DICOMDIR"]
        return _by_key(keys | {name: _parts(name) for name in single})
    homes = sorted({PurePosixPath(name).parent.as_posix() for name in dicom})
    series = [series for home in homes for series in series_in(folder, home)]
    found = _by_key({name: key for name, key in keys.items() if name not in dicom})
    return found | {_parts(name, whole=True): name for name in series}


def image_files(path: str | Path | Sequence[str]) -> list[Path]:
    """Every file that an image consists of: header and data, or the slices of a series.

    Args:
        path: a file, a folder of DICOM slices, one series of it as :func:`matched_files` writes it, or a list of such.

    Returns:
        The files, the named one first.

    Raises:
        FileNotFoundError: if one of them is not there.
    """
    if not isinstance(path, str | Path):
        return [file for part in path for file in image_files(part)]
    slices = series_files(str(path))
    path = Path(path)
    files = slices or [path]
    if path.suffix.lower() in (".mhd", ".nhdr") and path.is_file():
        found = DATA_FILE.search(path.read_bytes())
        data = found[1].decode() if found else "LOCAL"
        files = [path] if data.upper() in ("LOCAL", "LIST") else [path, path.parent / data]
    missing = [file.name for file in files if not file.is_file()]
    if missing:
        raise FileNotFoundError(f"there is no file {missing[0]}")
    return files


def fingerprint(path: str | Path | Sequence[str]) -> str:
    """A digest of an image's place, size and times, which changes when the image does."""
    digest = hashlib.sha256(str(path).encode())
    for file in image_files(path):
        facts = file.stat()
        digest.update(f"|{file.name}|{facts.st_size}|{facts.st_mtime_ns}".encode())
    return digest.hexdigest()[:32]


def content_hash(path: str | Path | Sequence[str]) -> str:
    """The SHA-256 of all bytes that an image consists of, whatever its name and place."""
    digest = hashlib.sha256()
    for file in image_files(path):
        with file.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


def _visible(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.is_file() and not hidden:
            yield path


def _by_key(keys: dict[str, tuple[str, ...]]) -> dict[tuple[str, ...], str]:
    found: dict[tuple[str, ...], str] = {}
    for name, key in keys.items():
        found[_parts(name, whole=True) if key in found else key] = name  # such as a.jpg and a.png
    return found


def _parts(name: str, *, whole: bool = False) -> tuple[str, ...]:
    path = PurePosixPath(name)
    home = path.parent.as_posix()
    return ("" if home == "." else f"{home}/", path.name if whole else stem(name))


def _expression(pattern: str) -> str:
    pattern = pattern if "/" in pattern else f"**/{pattern}"
    words = {"**/": "((?:[^/]+/)*)", "**": "(.*)", "*": "([^/]*)", "?": "([^/])"}
    return "".join(words.get(part) or re.escape(part) for part in re.split(r"(\*\*/|\*\*|\*|\?)", pattern))
