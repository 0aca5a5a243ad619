"""Environments that tests make for themselves: Python with what is asked for, without this package."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path


def made_environment(
    place: Path, installs: Sequence[Sequence[str]], *, constraints: Path, below: Path | None = None
) -> Path:
    """Python of an environment in a folder, made once, and anew when what it is made of has changed.

    Args:
        place: the folder.
        installs: what pip is told to install, one command after the other.
        constraints: the versions to take.
        below: Python of another environment, whose packages are seen too.
    """
    python = place / "bin" / "python"
    stamp = place / "packages.txt"
    wanted = "\n".join([*map(" ".join, installs), constraints.read_text()])
    if below:
        wanted += below.parents[1].joinpath("packages.txt").read_text()
    if stamp.is_file() and stamp.read_text() == wanted:
        return python
    _run(sys.executable, "-m", "venv", "--without-pip", "--clear", str(place))
    if below:
        libraries, site = (next(where.glob("lib/python*/site-packages")) for where in (below.parents[1], place))
        (site / "shared.pth").write_text(f"{libraries}\n")
    pip = (sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check", "-q", "install")
    for words in installs:
        _run(*pip, *words, "-c", str(constraints))
    stamp.write_text(wanted)
    return python


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}\n{done.stdout}\n{done.stderr}")
