"""A bundle's config, opened for its parts."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from monai.bundle import ConfigParser

__all__ = ["open_config"]


def open_config(bundle: str | os.PathLike, name: str, *, words: Mapping[str, Any] | None = None) -> ConfigParser:
    """Open one of a bundle's configs, with some words set.

    Args:
        bundle: the bundle's folder.
        name: of the config, without ending, such as "features".
        words: values by word or by path, such as ``network_def#dropout``.

    Raises:
        ValueError: if the bundle has no such config.
    """
    file = Path(bundle) / "configs" / f"{name}.json"
    if not file.is_file():
        raise ValueError(f"needs a bundle's folder with configs/{name}.json, there is none in {bundle}.")
    parser = ConfigParser()
    parser.read_config(file)
    for word, value in {"bundle_root": str(bundle), **(words or {})}.items():
        parser[word] = value
    return parser
