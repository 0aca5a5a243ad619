"""Where a classifier sees what it names: tables and pictures of its heat maps."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from ignite.engine import Engine, Events

from medssl.data import output_name, write_rows
from medssl.figures import draw_heat_map
from medssl.handlers.tables import RowTable
from medssl.metrics import accuracy_at, box_above, box_ious, lies_within, peak

__all__ = ["HeatMapOverlay", "LocalisationTable"]

THRESHOLDS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7)


class Finding(NamedTuple):
    """One asked class of one picture; boxes and points in the picture's own pixels."""

    name: str
    category: str
    probability: float
    heat: np.ndarray
    size: np.ndarray
    box: np.ndarray
    point: np.ndarray
    truths: np.ndarray


class LocalisationTable(RowTable):
    """Write where each asked class was found to a CSV; last rows: accuracies over all that have a true box.

    A case with several true boxes of one class counts by the one that fits best. The accuracies become metrics too,
    ``accuracy_at_0.1`` to ``accuracy_at_0.7`` and ``pointing_rate``; list this handler first.

    Args:
        path: the CSV.
        columns: names of the classes.
        share: of the hottest value that counts as hot when a box is drawn around it, in (0, 1].
        root: folder below which images are named by their place; empty to name them by their files alone.

    Shape:
        Attach to an evaluator whose decollated batches have ``boxes``, see :func:`medssl.data.boxed_cases`, and whose
        outputs have ``pred_heat``, ``pred_shown`` and ``pred_scores`` of :class:`medssl.engines.CamInferer`, the scores
        as probabilities.

    Raises:
        ValueError: if the share lies outside (0, 1].

    Source:
        Wang et al., ChestX-ray8, CVPR 2017 (accuracy); Zhang et al., ECCV 2016 (pointing game).
    """

    def __init__(self, path: str | os.PathLike, columns: Sequence[str], *, share: float = 0.5, root: str = "") -> None:
        super().__init__(path, columns, root=root)
        self.share = _checked_share(share)

    def collect(self, engine: Engine) -> None:
        """Keep the rows of one batch."""
        for item, output in zip(engine.state.batch, engine.state.output, strict=True):
            finding = find(item, output, columns=self.columns, share=self.share, root=self.root)
            self.rows.append(row_of(finding))

    def __call__(self, engine: Engine) -> None:
        """Write the table, and hand the accuracies on."""
        judged = [row for row in self.rows if row["iou"] != ""]
        metrics = {}
        if judged:
            accuracies = accuracy_at([float(row["iou"]) for row in judged], THRESHOLDS)
            metrics = {f"accuracy_at_{t}": value for t, value in zip(THRESHOLDS, accuracies, strict=True)}
            metrics["pointing_rate"] = float(np.mean([row["hit"] for row in judged]))
        engine.state.metrics.update(metrics)
        column = {name: "hit" if name == "pointing_rate" else "iou" for name in metrics}
        last = [{"case": name, column[name]: f"{value:.4f}"} for name, value in metrics.items()]
        write_rows(self.path, [*self.rows, *last])


class HeatMapOverlay:
    """Draw the first pictures with the heat map of the asked class, the box around it and the true boxes.

    Args:
        directory: where the pictures go, one PNG a case and class.
        columns: names of the classes.
        count: pictures drawn.
        share: see :class:`LocalisationTable`.
        root: see :class:`LocalisationTable`.

    Shape:
        See :class:`LocalisationTable`; images are flat.

    Raises:
        ValueError: if the share lies outside (0, 1].
    """

    def __init__(
        self,
        directory: str | os.PathLike,
        columns: Sequence[str],
        *,
        count: int = 12,
        share: float = 0.5,
        root: str = "",
    ) -> None:
        self.directory = Path(directory)
        self.columns = tuple(columns)
        self.count = count
        self.share = _checked_share(share)
        self.root = root
        self.drawn = 0

    def attach(self, engine: Engine) -> None:
        """Draw while the evaluation goes on."""
        engine.add_event_handler(Events.ITERATION_COMPLETED, self)

    def __call__(self, engine: Engine) -> None:
        """Draw the pictures of one batch until there are enough."""
        pairs = list(zip(engine.state.batch, engine.state.output, strict=True))[: max(0, self.count - self.drawn)]
        for item, output in pairs:
            found = find(item, output, columns=self.columns, share=self.share, root=self.root)
            image = np.asarray(output["image"][0].detach().float().cpu())
            path = self.directory / f"{found.name}_{found.category}.png"
            draw_heat_map(image, found.heat, size=found.size.tolist(), boxes=[found.box, *found.truths], path=path)
        self.drawn += len(pairs)


def find(
    item: Mapping[str, Any], output: Mapping[str, Any], *, columns: Sequence[str], share: float, root: str
) -> Finding:
    """Box and hottest point of a heat map, in the pixels that the picture had when it was read.

    Args:
        item: of a decollated batch.
        output: of the same case.
        columns: names of the classes.
        share: see :class:`LocalisationTable`.
        root: see :class:`LocalisationTable`.
    """
    heat = np.asarray(output["pred_heat"][0].detach().float().cpu())
    meta = item["image"].meta
    size = np.asarray(meta["spatial_shape"], dtype=int)[: heat.ndim]
    scale = size / heat.shape  # the preprocessing resizes without cropping
    number = int(output["pred_shown"])
    return Finding(
        name=output_name(meta["filename_or_obj"], root),
        category=columns[number],
        probability=float(output["pred_scores"][number]),
        heat=heat,
        size=size,
        box=box_above(heat, share) * np.tile(scale, 2),
        point=peak(heat) * scale,
        truths=np.asarray(item["boxes"], dtype=float).reshape(-1, 2 * heat.ndim),
    )


def row_of(finding: Finding) -> dict[str, Any]:
    """One row of the table; without a true box there is nothing to compare with."""
    ious = box_ious(finding.box, finding.truths)
    known = bool(np.isfinite(finding.truths).all(axis=1).any())
    return {
        "case": finding.name,
        "class": finding.category,
        "probability": f"{finding.probability:.4f}",
        "found_box": _words(finding.box),
        "true_box": _words(finding.truths[ious.argmax()]) if known else "",
        "iou": f"{ious.max():.4f}" if known else "",
        "hit": int(lies_within(finding.point, finding.truths)) if known else "",
    }


def _words(box: np.ndarray) -> str:
    return " ".join(f"{value:.1f}" for value in box) if np.isfinite(box).all() else ""


def _checked_share(share: float) -> float:
    if not 0 < share <= 1:
        raise ValueError(f"share is that of the hottest value, in (0, 1], got {share:g}.")
    return share
