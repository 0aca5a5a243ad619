"""A bundle's configs as one workflow, as a study needs it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from monai.bundle import ConfigWorkflow
from monai.handlers import TensorBoardHandler

from medssl.data import write_whole

__all__ = ["copy_seen", "execute", "prepare", "remove", "run_and_close"]


def execute(
    bundle: Path, configs: Sequence[str], *, overrides: Mapping[str, Any], without: Sequence[str] = ()
) -> ConfigWorkflow:
    """Run a bundle's configs one over the other, as ``python -m monai.bundle run`` does, but for some handlers."""
    return run_and_close(prepare(bundle, configs, overrides=overrides, without=without))


def prepare(
    bundle: Path, configs: Sequence[str], *, overrides: Mapping[str, Any], without: Sequence[str] = ()
) -> ConfigWorkflow:
    """A bundle's configs one over the other, initialised: parts are made when they are asked for."""
    files = [str(bundle / "configs" / f"{name}.json") for name in configs]
    workflow = ConfigWorkflow(config_file=files, workflow_type="train", bundle_root=str(bundle), **overrides)
    for engine in ("train", "validate"):
        for handler in workflow.parser.get(f"{engine}#handlers"):
            if handler["_target_"].split(".")[-1] in without:
                handler["_disabled_"] = True
    workflow.initialize()
    return workflow


def run_and_close(workflow: ConfigWorkflow) -> ConfigWorkflow:
    """Run a workflow, then end the threads and files of TensorBoard, which would last as long as the process."""
    try:
        workflow.run()
        workflow.finalize()
    finally:
        for part in workflow.parser.ref_resolver.resolved_content.values():
            if isinstance(part, TensorBoardHandler):
                part.close()
    return workflow


def copy_seen(source: Path, target: Path) -> None:
    """Hand on what was seen of the images, so that the next run need not look at each of them anew."""
    if (source / "manifest.json").is_file():
        write_whole(target / "manifest.json", (source / "manifest.json").read_bytes())


def remove(files: Iterable[Path]) -> None:
    """Delete files, those that are there."""
    for file in files:
        file.unlink(missing_ok=True)
