"""Archives of bundles: written so that the same files give the same bytes, read without trusting them."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile, ZipInfo

from medssl.data import replacing

__all__ = ["verify_archive", "write_archive"]

logger = logging.getLogger(__name__)

LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the earliest date that a zip can hold
READABLE = (stat.S_IFREG | 0o644) << 16
UNIX = 3
MAX_BYTES = 1_000_000_000
PLAIN_NAME = re.compile(r"[^\\:\x00-\x1f]+")
SHA256 = re.compile(r"[0-9a-f]{64}")


def write_archive(path: str | os.PathLike, files: Mapping[str, bytes]) -> Path:
    """Write a zip whose bytes depend on names and contents only: fixed dates and permissions, sorted names.

    Nothing is compressed, because the bytes would depend on the zlib at hand; weights hardly shrink anyway.

    Args:
        path: of the zip; an earlier file is replaced only by a complete one.
        files: contents by name, folders separated by ``/``.
    """
    with replacing(path) as draft, ZipFile(draft, "w") as archive:
        for name in sorted(files):
            entry = ZipInfo(name, LONG_AGO)
            entry.external_attr, entry.create_system = READABLE, UNIX
            archive.writestr(entry, files[name])
    return Path(path)


def verify_archive(path: str | os.PathLike, *, sha256: str = "") -> dict[str, Any]:
    """Look through the archive of a bundle without unpacking it or running anything in it.

    Args:
        path: of the zip.
        sha256: what it should have: the number, or a file that holds it; the file of the same name with ``.sha256``
            at the end if empty. Where there is none, only the weights inside are compared, with their own pages.

    Returns:
        ``name``, ``version`` and ``medssl`` (the package's version, or "") as the bundle says, ``files``, ``bytes``,
        ``sha256``, and ``published``: whether there was a sha256 to compare with.

    Raises:
        ValueError: if it is no zip, has another sha256, is damaged, could write outside its own folder, has more than
            one folder at the top, is larger than a bundle can be, or if weights are not those of their page.
    """
    found = hashlib.sha256(_content(path)).hexdigest()
    wanted = _published(Path(path), sha256)
    if wanted not in {"", found}:
        raise ValueError(f"{Path(path).name} needs sha256 {wanted}, got {found}; do not open it, download it again.")
    if not wanted:
        logger.warning("%s: no published sha256 to compare with; give one by --sha256.", Path(path).name)
    try:
        with ZipFile(path) as archive:
            facts = _facts(archive, Path(path).name)
    except (BadZipFile, RuntimeError, EOFError) as error:
        raise ValueError(f"{Path(path).name} needs to be a whole zip, got {error}; download it again.") from error
    return {**facts, "sha256": found, "published": bool(wanted)}


def _content(path: str | os.PathLike) -> bytes:
    if not Path(path).is_file():
        raise ValueError(f"needs an archive, there is none at {path}; check the path.")
    return Path(path).read_bytes()


def _published(path: Path, sha256: str) -> str:
    """The number to compare with, given as such, as a file, or by the file beside; "" if there is none."""
    if SHA256.fullmatch(sha256.lower()):
        return sha256.lower()
    page = Path(sha256) if sha256 else path.with_name(f"{path.name}.sha256")
    if not page.is_file():
        if sha256:
            raise ValueError(f"--sha256 needs 64 hexadecimal digits or a file that holds them, got {sha256!r}.")
        return ""
    numbers = SHA256.findall(page.read_text().lower())
    if len(numbers) != 1:
        raise ValueError(f"{page.name} needs one sha256, got {len(numbers)}; download it again.")
    return numbers[0]


def _facts(archive: ZipFile, source: str) -> dict[str, Any]:
    entries = archive.infolist()
    wrong = [*_unsafe(entries), *_sizes(entries)]
    if wrong:
        raise ValueError(f"{source} is not safe to unpack: {'; '.join(wrong[:5])}; do not open it.")
    damaged = archive.testzip()
    if damaged:
        raise ValueError(f"{source}: {damaged} is damaged; download it again.")
    name = entries[0].filename.split("/")[0]
    files = {entry.filename.removeprefix(f"{name}/") for entry in entries if not entry.is_dir()}
    if "configs/metadata.json" not in files:
        raise ValueError(f"{source} needs {name}/configs/metadata.json, which every bundle has; got none.")
    _verify_weights(archive, name, files=sorted(files))
    metadata = _page(archive, f"{name}/configs/metadata.json")
    return {
        "name": name,
        "version": metadata.get("version", ""),
        "medssl": metadata.get("medssl_version", ""),
        "files": len(files),
        "bytes": sum(entry.file_size for entry in entries),
    }


def _unsafe(entries: Sequence[ZipInfo]) -> Iterator[str]:
    """Say which entries could end up outside the bundle's folder, or on top of each other."""
    seen: set[str] = set()
    for entry in entries:
        name, kind = entry.filename, stat.S_IFMT(entry.external_attr >> 16)
        parts = name.removesuffix("/").split("/")
        if {"", ".", ".."} & set(parts) or not PLAIN_NAME.fullmatch(name) or entry.orig_filename != name:
            yield f"the name {entry.orig_filename!r} leads elsewhere"
        if kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
            yield f"{name!r} is a link or a device, not a file"
        if name.casefold() in seen:
            yield f"{name!r} is there twice"
        seen.add(name.casefold())
    tops = {entry.filename.split("/")[0] for entry in entries}
    if len(tops) != 1 or any("/" not in entry.filename for entry in entries):
        yield f"it needs one folder at the top that holds everything, got {sorted(tops)[:5]}"


def _sizes(entries: Sequence[ZipInfo]) -> Iterator[str]:
    total = sum(entry.file_size for entry in entries)
    if total > MAX_BYTES:
        yield f"it unpacks to {total / 1e6:.0f} MB, more than {MAX_BYTES / 1e6:.0f}"


def _verify_weights(archive: ZipFile, name: str, *, files: Sequence[str]) -> None:
    for file in files:
        if not re.fullmatch(r"models/[^/]+\.pt", file):
            continue
        page = f"{file.removesuffix('.pt')}.json"
        if page not in files:
            raise ValueError(f"{file} needs a page of facts beside it, {page} is not there; download it again.")
        wanted = _page(archive, f"{name}/{page}").get("sha256")
        found = hashlib.sha256(archive.read(f"{name}/{file}")).hexdigest()
        if wanted != found:
            raise ValueError(f"{file} needs sha256 {wanted} as {page} says, got {found}; do not use it.")


def _page(archive: ZipFile, name: str) -> dict[str, Any]:
    content = json.loads(archive.read(name))
    if not isinstance(content, dict):
        raise ValueError(f"{name} needs words and values, got a {type(content).__name__}; download it again.")
    return content
