"""A bundle laid out for others to download."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

from medssl.data import write_whole
from medssl.release.archives import verify_archive, write_archive
from medssl.release.contents import bundle_files
from medssl.release.guards import require_packable

__all__ = ["pack_bundle"]

LAYOUTS = ("zip", "hub")


def pack_bundle(
    folder: str | os.PathLike,
    output_dir: str | os.PathLike,
    *,
    layout: str = "zip",
    changelog: str | os.PathLike = "",
    url: str = "",
) -> Path:
    """Lay a bundle out for others, the package inside, once it has passed :func:`require_packable`.

    Args:
        folder: the bundle's; its name becomes the archive's.
        output_dir: where to; made if it is not there.
        layout: ``"zip"``: ``NAME_vX.Y.Z.zip`` (always the same bytes), its ``.sha256``, and an entry in
            ``model_info.json``; or ``"hub"``: a folder ``NAME`` for a model hub.
        changelog: see :func:`require_packable`.
        url: address under which the archive will be found, for ``model_info.json``; the file's name if empty.

    Returns:
        The archive or folder.

    Raises:
        ValueError: if the layout is unknown, the bundle may not be released, or the hub's folder is there already.
    """
    if layout not in LAYOUTS:
        raise ValueError(f"--layout is one of {list(LAYOUTS)}, got {layout!r}; choose one.")
    folder, output_dir = Path(folder).resolve(), Path(output_dir)
    target = output_dir / folder.name
    if layout == "hub" and target.exists():
        raise ValueError(f"needs a folder that is not there yet, {target} is; remove it, or name another place.")
    require_packable(folder, changelog=changelog)
    files = bundle_files(folder, hub=layout == "hub")
    if layout == "hub":
        for name, content in files.items():
            write_whole(target / name, content)
        return target
    version = json.loads(files["configs/metadata.json"])["version"]
    path = output_dir / f"{folder.name}_v{version}.zip"
    write_archive(path, {f"{folder.name}/{name}": content for name, content in files.items()})
    _announce(path, url)
    return path


def _announce(path: Path, url: str) -> None:
    """Write the sha256 beside an archive, and its entry among those of ``model_info.json``."""
    content = path.read_bytes()
    write_whole(f"{path}.sha256", f"{hashlib.sha256(content).hexdigest()}  {path.name}\n".encode())
    verify_archive(path)
    page = path.with_name("model_info.json")
    entries = json.loads(page.read_text()) if page.is_file() else {}
    sha1 = hashlib.sha1(content, usedforsecurity=False).hexdigest()  # what MONAI's own list holds
    entries[path.stem] = {"checksum": sha1, "source": f"{url.rstrip('/')}/{path.name}" if url else path.name}
    write_whole(page, (json.dumps(dict(sorted(entries.items())), indent=2) + "\n").encode())
