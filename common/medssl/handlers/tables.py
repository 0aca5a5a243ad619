"""What an evaluation found, one row a case."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from ignite.engine import Engine, Events
from torch import Tensor

from medssl.data import output_name, replacing, switch, write_rows
from medssl.handlers.errors import at_error

__all__ = ["FeatureTable", "MetricTable", "PredictionTable"]


class MetricTable:
    """Write a metric per case to a CSV, with a last row of means.

    Args:
        path: the CSV.
        metric: name of one of the evaluator's metrics, whose details are one row a case.
        columns: names of the details' columns.
        root: folder below which images are named by their place; empty to name them by their files alone.

    Raises:
        ValueError: if the metric has another number of columns.
    """

    def __init__(self, path: str | os.PathLike, metric: str, *, columns: Sequence[str], root: str = "") -> None:
        self.path = Path(path)
        self.root = root
        self.metric = metric
        self.columns = tuple(columns)
        self.names: list[str] = []

    def attach(self, engine: Engine) -> None:
        """Collect names, then write; attach to an evaluator of one process."""
        engine.add_event_handler(Events.EPOCH_STARTED, lambda engine: self.names.clear())
        engine.add_event_handler(Events.ITERATION_COMPLETED, self.collect)
        engine.add_event_handler(Events.EPOCH_COMPLETED, self)

    def collect(self, engine: Engine) -> None:
        """Keep the names of one batch."""
        self.names += case_names(engine.state.batch, self.root)

    def __call__(self, engine: Engine) -> None:
        """Write the table."""
        details = np.asarray(engine.state.metric_details[self.metric], dtype=float).reshape(len(self.names), -1)
        if details.shape[1] != len(self.columns):
            raise ValueError(
                f"{self.metric} has {details.shape[1]} columns, needs one name for each, got {list(self.columns)}."
            )
        table = np.column_stack([details, np.nanmean(details, axis=1)])
        table = np.vstack([table, np.nanmean(table, axis=0)])
        columns = [*self.columns, "mean"]
        rows = [dict(zip(columns, (f"{value:.4f}" for value in row), strict=True)) for row in table]
        write_rows(self.path, [{"case": name} | row for name, row in zip([*self.names, "mean"], rows, strict=True)])


class RowTable(ABC):
    """What tables share whose rows come batch by batch.

    Args:
        path: the CSV.
        columns: names of the classes.
        root: folder below which images are named by their place; empty to name them by their files alone.
    """

    def __init__(self, path: str | os.PathLike, columns: Sequence[str], *, root: str = "") -> None:
        self.path = Path(path)
        self.columns = tuple(columns)
        self.root = root
        self.rows: list[dict[str, Any]] = []

    def attach(self, engine: Engine) -> None:
        """Collect rows, then write; attach to an evaluator of one process."""
        engine.add_event_handler(Events.EPOCH_STARTED, lambda engine: self.rows.clear())
        engine.add_event_handler(Events.ITERATION_COMPLETED, self.collect)
        engine.add_event_handler(Events.EPOCH_COMPLETED, self)

    @abstractmethod
    def collect(self, engine: Engine) -> None:
        """Keep the rows of one batch."""

    @abstractmethod
    def __call__(self, engine: Engine) -> None:
        """Write the table."""


class PredictionTable(RowTable):
    """Write the predicted probabilities of every case to a CSV, with the true class or classes beside them.

    Args:
        path: the CSV.
        columns: names of the classes.
        root: folder below which images are named by their place; empty to name them by their files alone.
        multi_label: whether a case may be of any number of classes; the truth then has a column for each, such as
            ``true_edema``. Otherwise one column ``class`` names it.

    Shape:
        Attach to an evaluator whose decollated predictions and labels are ``(K,)``.
    """

    def __init__(
        self, path: str | os.PathLike, columns: Sequence[str], *, root: str = "", multi_label: bool = False
    ) -> None:
        super().__init__(path, columns, root=root)
        self.multi_label = switch(multi_label, "multi_label")

    def collect(self, engine: Engine) -> None:
        """Keep the rows of one batch."""
        for name, output in zip(case_names(engine.state.batch, self.root), engine.state.output, strict=True):
            scores = {column: f"{float(value):.4f}" for column, value in zip(self.columns, output["pred"], strict=True)}
            self.rows.append({"case": name, **self.truth(output["label"]), **scores})

    def truth(self, label: Tensor) -> dict[str, str]:
        """What a case really is."""
        if not self.multi_label:
            return {"class": self.columns[int(label.argmax())]}
        return {f"true_{column}": f"{float(value):g}" for column, value in zip(self.columns, label, strict=True)}

    def __call__(self, engine: Engine) -> None:
        """Write the table."""
        write_rows(self.path, self.rows)


class FeatureTable:
    """Write one vector a case to ``features.npz`` (``names``, ``vectors``), or one map a case to ``NAME.npy``.

    Vectors of finished batches survive a run that is stopped or fails: the table is written however the run ends.

    Args:
        directory: where the files go; maps in sub-folders as their images.
        root: folder below which images are named by their place; empty to name them by their files alone.
    """

    def __init__(self, directory: str | os.PathLike, *, root: str = "") -> None:
        self.directory = Path(directory)
        self.root = root
        self.names: list[str] = []
        self.vectors: list[np.ndarray] = []

    def attach(self, engine: Engine) -> None:
        """Collect, then write; attach to an evaluator of one process."""
        engine.add_event_handler(Events.ITERATION_COMPLETED, self.collect)
        engine.add_event_handler(Events.COMPLETED, self)
        at_error(engine, self)

    def collect(self, engine: Engine) -> None:
        """Keep vectors, write maps."""
        for name, output in zip(case_names(engine.state.batch, self.root), engine.state.output, strict=True):
            feature = np.asarray(output["pred"], dtype=np.float32)
            if feature.ndim > 1:
                with replacing(self.directory / f"{name}.npy") as draft:
                    np.save(draft, feature)
            else:
                self.names.append(name)
                self.vectors.append(feature)

    def __call__(self, engine: Engine) -> None:
        """Write the vectors."""
        if self.vectors:
            with replacing(self.directory / "features.npz") as draft:
                np.savez(draft, names=np.asarray(self.names), vectors=np.stack(self.vectors))


def case_names(batch: Sequence[dict[str, Any]], root: str) -> list[str]:
    """Names of a decollated batch's images, see :func:`medssl.data.output_name`."""
    return [output_name(item["image"].meta["filename_or_obj"], root) for item in batch]
