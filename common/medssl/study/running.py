"""Fine-tune and evaluate, run after run."""

from __future__ import annotations

import gc
import logging
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from medssl.data import read_json, write_json, write_rows
from medssl.study.claims import claimed
from medssl.study.comparisons import condition
from medssl.study.conditions import Study
from medssl.study.grid import PROBES, Run
from medssl.study.probing import probe
from medssl.study.progress import progress
from medssl.study.results import run_facts, run_metrics, sizes
from medssl.study.workflows import copy_seen, execute, remove

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
    warn_of_differences(rows)
    return rows


def warn_of_differences(rows: Sequence[Mapping[str, str]]) -> None:
    """Say what runs should have in common and have not."""
    mixed = [name for name in SAME if len({row[name] for row in rows}) > 1]
    if mixed:
        logger.warning("the runs differ in %s; delete the rows of those that should be repeated.", ", ".join(mixed))
    epochs = {(condition(row), row.get("epochs")) for row in rows}
    if len(epochs) > len({condition(row) for row in rows}):
        logger.warning(
            "runs of one tuning and share differ in epochs: patience or a limit of time ended some; "
            "delete the rows of those that time cut short."
        )


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
        row = (probe if run.tuning in PROBES else finetune)(study, run, folder=file.parent)
        write_json(file, {**run.key, "settings": settings, **row})
    gc.collect()  # engines and their handlers refer to each other
    logger.info("%s is done: %s.", run.name, progress(collect(study.output, list(files.values())), files))
    return True


def collect(output: Path, files: Sequence[Path]) -> list[dict[str, str]]:
    """Put the rows that there are into one table; one process at a time, so that the last one sees all."""
    with claimed(output / "runs.lock", wait=True):
        found = [{"tuning": "full", **read_json(file)} for file in files if file.exists()]
        rows = [{name: str(value) for name, value in row.items()} for row in found]
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
