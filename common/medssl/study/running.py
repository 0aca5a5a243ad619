"""Fine-tune and evaluate, run after run."""

from __future__ import annotations

import gc
import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from monai.bundle import ConfigWorkflow
from monai.handlers import TensorBoardHandler

from medssl.data import read_json, write_json, write_rows, write_whole
from medssl.study.claims import claimed
from medssl.study.conditions import Study
from medssl.study.grid import Run
from medssl.study.results import run_facts, run_metrics, sizes

__all__ = ["run_study"]

logger = logging.getLogger(__name__)
SAME = ("configs", "torch", "monai", "hardware")  # what no comparison wants to differ in


def run_study(study: Study) -> list[dict[str, str]]:
    """Fine-tune a bundle from several initialisations and note the result of each.

    Runs that have a row already are not repeated, unless something has changed: the weights or a word. Several
    processes may share the folder: each claims a run before it starts, and takes over those of processes that died.

    Args:
        study: what is compared.

    Returns:
        One row a run that is finished, by this call, an earlier one or another process; ``runs.csv`` has the same.
    """
    files = {run: study.output / run.name / f"row_{study.fingerprint(run)}.json" for run in study.runs()}
    while sum(attempt(study, run, files=files) for run in files):
        logger.info("looking once more for runs that nobody does.")
    rows = collect(study.output, list(files.values()))
    if len(rows) < len(files):
        logger.warning("%d of %d runs are with other processes.", len(files) - len(rows), len(files))
    mixed = [name for name in SAME if len({row[name] for row in rows}) > 1]
    if mixed:
        logger.warning("the runs differ in %s; delete the rows of those that should be repeated.", ", ".join(mixed))
    return rows


def attempt(study: Study, run: Run, *, files: Mapping[Run, Path]) -> bool:
    """Do a run, unless it is done or another process does it; say whether it was done here."""
    file = files[run]
    if file.exists():
        return False
    with claimed(file.with_name("claim.lock")) as ours:
        if not ours or file.exists():
            return False
        logger.info("starting %s.", run.name)
        settings = file.stem.removeprefix("row_")
        write_json(file, {**run.key, "settings": settings, **finetune(study, run, folder=file.parent)})
    gc.collect()  # engines and their handlers refer to each other
    logger.info("%s is done, %d of %d are.", run.name, len(collect(study.output, list(files.values()))), len(files))
    return True


def collect(output: Path, files: Sequence[Path]) -> list[dict[str, str]]:
    """Put the rows that there are into one table; one process at a time, so that the last one sees all."""
    with claimed(output / "runs.lock", wait=True):
        rows = [{name: str(value) for name, value in read_json(file).items()} for file in files if file.exists()]
        write_rows(output / "runs.csv", rows)
    return rows


def finetune(study: Study, run: Run, *, folder: Path) -> dict[str, Any]:
    """Train and evaluate once; gives the row, but for what identifies it."""
    evaluation, configs = folder / "evaluate", [study.config, *study.overlays]
    words = {"models_dir": str(folder), **study.overrides(run)}
    remove(folder.glob("*.pt"))
    started = time.time()
    copy_seen(study.output, folder)
    training = {**words, "output_dir": str(folder), **study.starts[run.init]}
    trained = execute(study.bundle, configs, overrides=training, without=study.without).train_dataset_data
    minutes = (time.time() - started) / 60
    copy_seen(folder, evaluation)
    testing = {**words, "output_dir": str(evaluation), **study.evaluate}
    tested = execute(study.bundle, [*configs, study.evaluation], overrides=testing).val_dataset_data
    copy_seen(evaluation, study.output)
    remove([folder / "checkpoint.pt", *folder.rglob("manifest.json")])
    return {
        "pretrained": Path(run.pretrained).name,
        **sizes(trained),
        "evaluated": len(tested),
        **run_metrics(evaluation),
        "minutes": f"{minutes:.2f}",
        **run_facts(folder),
        "configs": study.config_hash(),
    }


def execute(
    bundle: Path, configs: Sequence[str], *, overrides: Mapping[str, Any], without: Sequence[str] = ()
) -> ConfigWorkflow:
    """Run a bundle's configs one over the other, as ``python -m monai.bundle run`` does, but for some handlers."""
    files = [str(bundle / "configs" / f"{name}.json") for name in configs]
    workflow = ConfigWorkflow(config_file=files, workflow_type="train", bundle_root=str(bundle), **overrides)
    for engine in ("train", "validate"):
        for handler in workflow.parser.get(f"{engine}#handlers"):
            if handler["_target_"].split(".")[-1] in without:
                handler["_disabled_"] = True
    try:
        workflow.initialize()
        workflow.run()
        workflow.finalize()
    finally:
        close_writers(workflow)
    return workflow


def close_writers(workflow: ConfigWorkflow) -> None:
    """End the threads and files of TensorBoard, which would otherwise last as long as the process."""
    for part in workflow.parser.ref_resolver.resolved_content.values():
        if isinstance(part, TensorBoardHandler):
            part.close()


def copy_seen(source: Path, target: Path) -> None:
    """Hand on what was seen of the images, so that the next run need not look at each of them anew."""
    if (source / "manifest.json").is_file():
        write_whole(target / "manifest.json", (source / "manifest.json").read_bytes())


def remove(files: Iterable[Path]) -> None:
    """Delete files, those that are there."""
    for file in files:
        file.unlink(missing_ok=True)
