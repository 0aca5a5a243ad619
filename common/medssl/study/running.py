"""Fine-tune and evaluate, run after run."""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from monai.bundle import ConfigWorkflow

from medssl.data import read_rows, write_rows
from medssl.study.grid import Run, study_runs

__all__ = ["run_study"]

logger = logging.getLogger(__name__)


def run_study(
    bundle: str | os.PathLike,
    inits: Mapping[str, str],
    *,
    output: str | os.PathLike,
    seeds: Sequence[int] = (0,),
    overlays: Sequence[str] = (),
    **words: Any,
) -> list[dict[str, str]]:
    """Fine-tune a bundle's segmentation from several initialisations and note the result of each.

    Runs that have a row already are not repeated.

    Args:
        bundle: the bundle's folder.
        inits: weights by name: a path, or "scratch".
        output: folder for ``runs.csv`` and the runs' own folders.
        seeds: seeds to repeat with.
        overlays: overlay configs, by name without ending, such as "demo".
        words: further overrides of every run, such as ``epochs``.

    Returns:
        All rows, those of earlier calls too.
    """
    table = Path(output) / "runs.csv"
    for run in study_runs(inits, seeds):
        if any(run.key.items() <= row.items() for row in read_rows(table)):
            logger.info("%s has its row already.", run.name)
            continue
        row = finetune(Path(bundle), run, folder=Path(output) / run.name, overlays=overlays, **words)
        write_rows(table, [*read_rows(table), run.key | row])
    return read_rows(table)


def finetune(bundle: Path, run: Run, *, folder: Path, overlays: Sequence[str], **words: Any) -> dict[str, object]:
    """Train and evaluate once; gives the row."""
    started = time.time()
    where = {"output_dir": str(folder), "models_dir": str(folder), "seed": run.seed, **words}
    execute(bundle, ["train", *overlays], pretrained=run.pretrained, **where)
    minutes = (time.time() - started) / 60
    execute(bundle, ["train", *overlays, "evaluate"], **where)
    record = json.loads((folder / "run.json").read_text())
    facts = {
        "epochs": record["epoch"],
        "iterations": record["iteration"],
        "minutes": f"{minutes:.2f}",
        "device": record["device"],
    }
    return {"pretrained": Path(run.pretrained).name, **mean_row(folder / "dice.csv"), **facts}


def execute(bundle: Path, configs: Sequence[str], **overrides: Any) -> None:
    """Run a bundle's configs one over the other, as ``python -m monai.bundle run`` does."""
    files = [str(bundle / "configs" / f"{name}.json") for name in configs]
    workflow = ConfigWorkflow(config_file=files, workflow_type="train", bundle_root=str(bundle), **overrides)
    workflow.initialize()
    workflow.run()
    workflow.finalize()


def mean_row(path: Path) -> dict[str, str]:
    """Last row of a table of cases: the means."""
    return {name: value for name, value in read_rows(path)[-1].items() if name != "case"}
