"""What a bundle needs of this package, checked before anything is built."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from monai.utils.module import version_leq

from medssl import __version__

__all__ = ["installed_versions", "require_choices", "require_package", "require_switches"]

HOLDER = Path(__file__).resolve().parents[2]  # the folder that medssl/ lies in: an archive's, or where it is installed
PACKAGES = ("monai", "torch", "pytorch-ignite", "nibabel", "numpy", "scipy")


def require_package(version: str) -> bool:
    """Make sure that the medssl at hand is the right one for a bundle.

    Installed, it has to be new enough; releases of one minor version are alike. Carried by a bundle, it has to be the
    very one that this bundle carries too: a process keeps the first that it meets, and would run others with it.

    Args:
        version: the medssl that the bundle was made with, such as ``"0.1"``, or that it carries, such as ``"0.1.0"``.

    Returns:
        True, so that a config may name this under ``_requires_``.

    Raises:
        ValueError: if an older minor version is installed, or the one at hand is another bundle's and differs.
    """
    carried = (HOLDER / "configs" / "metadata.json").is_file()
    if carried and str(version).count(".") == 2 and str(version) != __version__:
        raise ValueError(
            f"this bundle carries medssl {version}, but this process already uses the {__version__} that the bundle "
            f"{HOLDER.name!r} carries; run each in a process of its own, or get releases that carry the same version."
        )
    needed = ".".join(str(version).split(".")[:2])
    if not version_leq(needed, __version__):
        raise ValueError(
            f"this bundle needs medssl {needed} or newer, {__version__} is installed; "
            f"run: pip install --upgrade 'medssl>={needed}'"
        )
    return True


def require_switches(**switches: Any) -> bool:
    """Make sure that switches are True or False, because any text, 'false' too, would count as true.

    Args:
        switches: by name, the values to look at.

    Returns:
        True, so that a config may name this under ``_requires_``.

    Raises:
        ValueError: if one is neither True nor False.
    """
    wrong = [f"--{name} {value!r}" for name, value in switches.items() if not isinstance(value, bool)]
    if wrong:
        raise ValueError(f"switches need True or False, spelled like that, got {', '.join(wrong)}.")
    return True


def require_choices(given: Mapping[str, Any], allowed: Mapping[str, Sequence[Any]]) -> bool:
    """Make sure that words have values that they can have.

    Args:
        given: values by word.
        allowed: for each of the words, the values that it can have.

    Returns:
        True, so that a config may name this under ``_requires_``.

    Raises:
        ValueError: if one has another value.
    """
    wrong = [
        f"--{word} is one of {list(allowed[word])}, got {value!r}"
        for word, value in given.items()
        if value not in allowed[word]
    ]
    if wrong:
        raise ValueError(f"{'; '.join(wrong)}; choose one.")
    return True


def installed_versions() -> dict[str, str]:
    """Versions of Python, of this package and of those that matter for a result."""
    found = {"python": platform.python_version(), "medssl": __version__}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found
