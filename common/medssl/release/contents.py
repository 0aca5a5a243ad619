"""What goes into a released bundle."""

from __future__ import annotations

import json
import logging
import os
import re
from pathlib import Path

import medssl
from medssl.release.cards import card_header, card_section

__all__ = ["bundle_files", "package_files"]

logger = logging.getLogger(__name__)

PACKAGE = Path(medssl.__file__).parent
OF_PACKAGE = ("**/*.py", "samples/files/*")
OF_BUNDLE = ("LICENSE", "configs/*.json", "configs/logging.conf", "docs/**/*", "models/*.pt", "models/*.json")
KNOWN = {"LICENSE", "configs", "docs", "models", "eval"}
GUARD = re.compile(r'("_target_":\s*"medssl\.weights\.require_package",\s*"version":\s*")[^"]+(")')
STORED_APART = "*.pt filter=lfs diff=lfs merge=lfs -text\n*.nii.gz filter=lfs diff=lfs merge=lfs -text\n"


def bundle_files(folder: str | os.PathLike, *, hub: bool = False) -> dict[str, bytes]:
    """Contents of a released bundle by name: its own files, and the package in a folder of its name.

    Two things differ from the repository: configs ask for exactly the package that lies beside them, and the model
    card says what the folder needs.

    Args:
        folder: the bundle's.
        hub: add what a model hub looks for: the card with a YAML header at the top, and which files are large.
    """
    folder = Path(folder).resolve()
    found = {str(path.relative_to(folder).as_posix()): path.read_bytes() for path in _chosen(folder, OF_BUNDLE)}
    ignored = sorted(path.name for path in folder.iterdir() if path.name not in KNOWN and path.name[0] != ".")
    if ignored:
        logger.warning("%s: %s is no part of a released bundle and stays here.", folder.name, ", ".join(ignored))
    metadata = json.loads(found["configs/metadata.json"])
    card = found["docs/README.md"].decode() + card_section(folder.name, metadata)
    files = {name: _exact(content) if name.startswith("configs/") else content for name, content in found.items()}
    files["docs/README.md"] = card.encode()
    if hub:
        files |= {"README.md": (card_header(card, metadata) + card).encode(), ".gitattributes": STORED_APART.encode()}
    return {**files, **{f"{medssl.__name__}/{name}": content for name, content in package_files().items()}}


def package_files() -> dict[str, bytes]:
    """Contents of this package by name: Python and the embedded samples, nothing that was made by running it."""
    return {path.relative_to(PACKAGE).as_posix(): path.read_bytes() for path in _chosen(PACKAGE, OF_PACKAGE)}


def _chosen(folder: Path, patterns: tuple[str, ...]) -> list[Path]:
    paths = {path for pattern in patterns for path in folder.glob(pattern) if path.is_file() and path.name[0] != "."}
    return sorted(paths)


def _exact(config: bytes) -> bytes:
    return GUARD.sub(rf"\g<1>{medssl.__version__}\g<2>", config.decode()).encode()
