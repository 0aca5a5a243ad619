"""Which metrics a run needs, by the tasks that it learns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["metrics_of_tasks"]


def metrics_of_tasks(tasks: Sequence[str], metrics: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Collect the metrics of the tasks that are on, so that one configuration serves every choice of tasks.

    Args:
        tasks: tasks of the run, all of which need an entry in ``metrics``.
        metrics: metrics by name, by task.

    Raises:
        ValueError: if a task has no entry.
    """
    unknown = sorted(set(tasks) - set(metrics))
    if unknown:
        raise ValueError(f"there are no metrics for the tasks {unknown}; there are some for {sorted(metrics)}.")
    return {name: metric for task in tasks for name, metric in metrics[task].items()}
