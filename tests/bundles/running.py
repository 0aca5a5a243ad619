"""A bundle's configs run on the embedded sample, as small as they can be."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import torch
from monai.bundle import ConfigParser, ConfigWorkflow

from tests.sources import ROOT

PREPARATION = ("discover", "match", "survey")


def tiny_words(bundle: Path, names: str, **words: Any) -> dict[str, Any]:
    """Overrides that make a run tiny, as far as its configs know them."""
    files = [bundle / f"configs/{name}.json" for name in names.split("+")]
    config = ConfigParser.load_config_files(files)
    tiny = json.loads((ROOT / f"tests/bundles/tiny/{bundle.name}.json").read_text())
    wanted = {**tiny, "bundle_root": str(bundle), **words}
    sample = "demo" in names.split("+")  # the words of its cases are those of the sample
    known = {key: value for key, value in wanted.items() if key.split("#")[0] in config}
    return {key: value for key, value in known.items() if sample or not key.startswith("cases#")}


def run(bundle: Path, names: str, kind: str = "train", **words: Any) -> ConfigWorkflow:
    """Run configs one over the other in this process; ``names`` are joined by ``+``."""
    files = [str(bundle / f"configs/{name}.json") for name in names.split("+")]
    workflow = ConfigWorkflow(files, workflow_type=kind, logging_file=False, **tiny_words(bundle, names, **words))
    workflow.initialize()
    workflow.run()
    workflow.finalize()
    return workflow


def command(bundle: Path, names: str, *, launcher: tuple[str, ...] = (), **words: Any) -> list[str]:
    """Write the same as the command of a person."""
    files = [f"configs/{name}.json" for name in names.split("+")]
    overrides = [part for key, value in tiny_words(bundle, names, **words).items() for part in (f"--{key}", f"{value}")]
    start = [sys.executable, *launcher, "-m", "monai.bundle", "run", "--config_file", str(files)]
    return [*start, *overrides]


def start(bundle: Path, names: str, **words: Any) -> subprocess.Popen:
    """Start the command from the bundle's folder."""
    quiet = {"PYTHONWARNINGS": "ignore", "OMP_NUM_THREADS": "1"}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    return subprocess.Popen(command(bundle, names, **words), cwd=bundle, env={**os.environ, **quiet}, **pipes)


def kill_at_first_state(process: subprocess.Popen, folder: Path) -> dict[str, Any]:
    """Kill a run, with no time to say anything, as soon as it has saved a state; gives its engine's."""
    deadline = time.monotonic() + 120
    while not (folder / "checkpoint.pt").exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    output = process.communicate()[0]
    assert (folder / "checkpoint.pt").exists(), output
    return torch.load(folder / "checkpoint.pt", weights_only=True)["engine"]


def messages(error: BaseException | None) -> str:
    """What an error and its causes say; MONAI wraps those of a config's parts."""
    return f"{error} {messages(error.__cause__)}" if error is not None else ""


def copied(folder: Path, where: Path) -> Path:
    """Copy a bundle, and run what must come before its pre-training."""
    copy = where / folder.name
    shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("eval"))
    for name in PREPARATION:
        if (copy / f"configs/{name}.json").exists():
            run(copy, f"{name}+demo", epochs=1, pretrained="scratch")
    return copy
