"""Fine-tune and evaluate, run after run."""

from __future__ import annotations

import hashlib
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

    Runs that have a row already are not repeated, unless something has changed: the weights, the overlays or a word.

    Args:
        bundle: the bundle's folder.
        inits: weights by name: a path, or "scratch".
        output: folder for ``runs.csv`` and the runs' own folders.
        seeds: seeds to repeat with.
        overlays: overlay configs, by name without ending, such as "demo".
        words: further overrides of every run, such as ``epochs``.

    Returns:
        One row a run of this grid, from this call or an earlier one.
    """
    table = Path(output) / "runs.csv"
    runs = study_runs(inits, seeds)
    keys = [{**run.key, "settings": fingerprint(run, [*overlays], words)} for run in runs]
    for run, key in zip(runs, keys, strict=True):
        if find_row(table, key):
            logger.info("%s has its row already.", run.name)
            continue
        row = finetune(Path(bundle), run, folder=Path(output) / run.name, overlays=overlays, **words)
        write_rows(table, [*read_rows(table), key | row])
    return [find_row(table, key) for key in keys]


def find_row(table: Path, key: Mapping[str, str]) -> dict[str, str]:
    """The row of a run; empty if it has none yet."""
    return next((row for row in read_rows(table) if key.items() <= row.items()), {})


def fingerprint(run: Run, *conditions: Any) -> str:
    """Short hash of the weights' bytes and of everything else that a run depends on."""
    weights = Path(run.pretrained)
    digest = hashlib.sha256(weights.read_bytes() if weights.is_file() else run.pretrained.encode())
    digest.update(json.dumps(conditions, sort_keys=True, default=str).encode())
    return digest.hexdigest()[:12]


def finetune(bundle: Path, run: Run, *, folder: Path, overlays: Sequence[str], **words: Any) -> dict[str, object]:
    """Train and evaluate once; gives the row."""
    started = time.time()
    where = {"output_dir": str(folder), "models_dir": str(folder), "seed": run.seed, **words}
    execute(bundle, ["train", *overlays], pretrained=run.pretrained, **where)
    minutes = (time.time() - started) / 60
    execute(bundle, ["train", *overlays, "evaluate"], **{**where, "output_dir": str(folder / "evaluate")})
    record = json.loads((folder / "run.json").read_text())
    facts = {
        "epochs": record["epoch"],
        "iterations": record["iteration"],
        "minutes": f"{minutes:.2f}",
        "hardware": record["hardware"],
    }
    return {"pretrained": Path(run.pretrained).name, **mean_row(folder / "evaluate" / "dice.csv"), **facts}


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
