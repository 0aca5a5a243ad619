"""What the files of a finished run say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from medssl.data import read_json, read_rows

__all__ = ["run_facts", "run_metrics", "sizes"]


def run_metrics(folder: Path) -> dict[str, str]:
    """Metrics of an evaluation: the means over its table of Dice if it has one, else those of its record.

    Args:
        folder: of the evaluation.
    """
    table = read_rows(folder / "dice.csv")
    if table:
        return {name: value for name, value in table[-1].items() if name != "case"}
    metrics = read_json(folder / "run.json")["metrics"]
    return {name: f"{value:.4f}" for name, value in metrics.items() if isinstance(value, int | float)}


def run_facts(folder: Path) -> dict[str, Any]:
    """How a training went: epochs, iterations, hardware, versions, and a short hash of its data.

    Args:
        folder: of the training.
    """
    record = read_json(folder / "run.json")
    return {
        "epochs": record["epoch"],
        "iterations": record["iteration"],
        "hardware": record["hardware"],
        "torch": record["versions"]["torch"],
        "monai": record["versions"]["monai"],
        "data": str(record["settings"].get("data", ""))[:12],
    }


def sizes(cases: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """How many images and patients a list has; an image that names no patient is taken for one.

    Args:
        cases: the list.
    """
    return {
        "images": len(cases),
        "patients": len({case.get("patient", str(number)) for number, case in enumerate(cases)}),
    }
