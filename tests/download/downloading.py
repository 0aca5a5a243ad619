"""What is done with a bundle that was downloaded, the way a person does it."""

import os
import subprocess
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from tests.bundles.running import tiny_words

CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
QUIET = {"PYTHONWARNINGS": "ignore", "PYTHONNOUSERSITE": "1", "OMP_NUM_THREADS": "1"}


@dataclass(frozen=True)
class Download:
    """A downloaded bundle, the archive that it came in, and a Python that has only what it asks for."""

    folder: Path
    archive: Path
    python: Path

    def call(self, *arguments: str, where: Path) -> str:
        """Run Python in a folder; gives what it says."""
        command = [str(self.python), *arguments]
        run = partial(subprocess.run, cwd=where, env=CLEAN | QUIET, text=True, check=False, timeout=600)
        done = run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        assert done.returncode == 0, f"ended with {done.returncode} (a signal, if negative)\n{done.stdout}"
        return done.stdout

    def run(self, names: str, *, where: Path, tiny: bool = True, **words: Any) -> str:
        """Run configs, one over the other, from the bundle's folder or from another."""
        here = where == self.folder
        files = [f"configs/{name}.json" for name in names.split("+")]
        given = tiny_words(self.folder, names, **words) if tiny else {"bundle_root": str(self.folder), **words}
        if here:
            given.pop("bundle_root")
        overrides = [part for word, value in given.items() for part in (f"--{word}", f"{value}")]
        paths = files if here else [str(self.folder / file) for file in files]
        return self.call("-m", "monai.bundle", "run", "--config_file", str(paths), *overrides, where=where)
