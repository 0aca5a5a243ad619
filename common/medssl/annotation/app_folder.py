"""A folder that MONAI Label starts from: our app, and the bundles that it offers."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from medssl.data import write_whole

__all__ = ["start_command", "write_app_folder"]

logger = logging.getLogger(__name__)

MAIN = '''"""App of medssl for MONAI Label."""

from medssl.annotation.app import AnnotationApp

__all__ = ["AnnotationApp"]
'''
PARTS = ("LICENSE", "configs", "docs", "models")  # not the package that an archive carries: the installed one serves
NEEDED = ("configs/metadata.json", "configs/inference.json", "configs/train.json", "models/model.pt")


def write_app_folder(directory: str | os.PathLike, bundles: Sequence[str | os.PathLike]) -> list[str]:
    """Lay out an app folder: ``main.py``, and a copy of every bundle in ``model/``.

    A bundle that the folder has already stays as it is, with what was trained in it. One is there whole or not at all,
    so what was interrupted can be repeated.

    Args:
        directory: where to; made if it is not there.
        bundles: folders, or archives as :func:`medssl.release.pack_bundle` makes them.

    Returns:
        Names of the bundles, in their order.

    Raises:
        ValueError: if there is no bundle, one is none or cannot be offered, or the folder holds something else.
    """
    directory, main = Path(directory), Path(directory) / "main.py"
    if not bundles:
        raise ValueError("an app folder needs at least one bundle, got none; name some by --bundles.")
    ours = main.is_file() and main.read_text() == MAIN
    if directory.exists() and any(directory.iterdir()) and not ours:
        raise ValueError(f"needs a new folder, or an app folder of ours; {directory} holds other files, name another.")
    found = dict(bundle_contents(Path(bundle)) for bundle in bundles)
    write_whole(main, MAIN.encode())
    for name, files in found.items():
        target = directory / "model" / name
        if target.exists():
            logger.info("%s is there already and stays as it is.", name)
            continue
        draft = target.with_name(f".{name}.part")
        shutil.rmtree(draft, ignore_errors=True)
        for file, content in files.items():
            write_whole(draft / file, content)
        draft.rename(target)
    return list(found)


def start_command(directory: str | os.PathLike, names: Sequence[str], *, studies: str = "IMAGES") -> str:
    """The command that starts a server with an app folder.

    Args:
        directory: the app folder.
        names: of its bundles to offer; the encoder of the first one chooses the next image.
        studies: folder of the images to label.
    """
    words = {"models": ",".join(names), "zoo_source": "local", "sam2": "false", "epistemic_model": names[0]}
    conf = " ".join(f"--conf {word} {value}" for word, value in words.items())
    return f"monailabel start_server --app {directory} --studies {studies} {conf} --host 127.0.0.1"


def bundle_contents(source: Path) -> tuple[str, dict[str, bytes]]:
    """Name of a bundle and what MONAI Label needs of it: contents by name.

    Args:
        source: its folder, or an archive with one folder at the top.

    Raises:
        ValueError: if it is neither, or lacks a file without which MONAI Label does not offer it.
    """
    if source.is_dir():
        name, files = source.resolve().name, _of_folder(source)
    else:
        name, files = _of_archive(source)
    absent = [file for file in NEEDED if file not in files]
    if absent:
        raise ValueError(f"{source.name} lacks {absent}, without which MONAI Label offers nothing; fine-tune it first.")
    return name, files


def _of_folder(source: Path) -> dict[str, bytes]:
    names = {path: path.relative_to(source).as_posix() for path in sorted(source.rglob("*")) if path.is_file()}
    return {name: path.read_bytes() for path, name in names.items() if name.split("/")[0] in PARTS}


def _of_archive(source: Path) -> tuple[str, dict[str, bytes]]:
    try:
        with ZipFile(source) as archive:
            names = [name for name in archive.namelist() if not name.endswith("/") and ".." not in name.split("/")]
            parts = [name.partition("/") for name in names]
            files = {file: archive.read(f"{top}/{file}") for top, _, file in parts if file.split("/")[0] in PARTS}
    except (BadZipFile, OSError) as error:
        raise ValueError(f"needs a bundle's folder or archive, got {source}: {error}; check the path.") from error
    return (parts[0][0] if parts else ""), files
