"""What a simulated annotation found: labels needed to reach a score, and curves."""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

from medssl.data import read_json, write_whole
from medssl.figures import draw_label_curves
from medssl.study.annotating import Annotation, run_annotation
from medssl.study.conditions import study_of_file
from medssl.study.statistics import labels_needed
from medssl.study.tables import laid_out, spread

__all__ = ["AnnotationReport", "report_annotation"]

logger = logging.getLogger(__name__)
Scores = dict[float, list[float]]


@dataclass(frozen=True)
class AnnotationReport:
    """Table and figures of a simulated annotation.

    Attributes:
        rows: as :func:`medssl.study.run_annotation` gives them.
        column: the score, more is better.
        targets: scores for which the labels are counted.
        notes: lines below the table.
    """

    rows: Sequence[Mapping[str, str]]
    column: str
    targets: Sequence[float]
    notes: Sequence[str] = ()

    @property
    def curves(self) -> dict[str, dict[str, Scores]]:
        """Scores of all seeds by number of labels, by strategy, by initialisation."""
        found: dict[str, dict[str, Scores]] = {}
        for row in self.rows:
            own = found.setdefault(row["init"], {}).setdefault(row["strategy"], {})
            own.setdefault(float(row["images"]), []).append(float(row[self.column]))
        return found

    def text(self, form: str = "text") -> str:
        """Mean over seeds at every number of labels, and the labels with which that mean reaches the targets.

        Args:
            form: "text" or "markdown".
        """
        if not self.rows:
            return "no training is finished."
        counts = sorted({float(row["images"]) for row in self.rows})
        head = [*(f"{self.column}, {count:.0f}" for count in counts), *(f"labels to {one:g}" for one in self.targets)]
        cells = [["init", "strategy", "seeds", *head]]
        for init, strategies in self.curves.items():
            for strategy, scores in strategies.items():
                means = {count: mean(values) for count, values in scores.items()}
                seeds = str(max(map(len, scores.values())))
                shown = [spread(scores.get(count, [])) for count in counts]
                cells.append([init, strategy, seeds, *shown, *(needed(means, target) for target in self.targets)])
        return "\n".join([laid_out(cells, form), *(["", *self.notes] if self.notes else [])])

    def write(self, folder: str | os.PathLike, *, name: str = "annotation") -> list[Path]:
        """Write the table, and one figure an initialisation.

        Args:
            folder: where to; made if it is not there.
            name: what the files' names begin with.
        """
        folder = Path(folder)
        written = [write_whole(folder / f"{name}.txt", f"{self.text()}\n".encode())]
        for init, strategies in self.curves.items():
            words = {"ylabel": self.column, "title": f"from {init}"}
            written.append(draw_label_curves(strategies, folder / f"{name}_{init}.png", **words))
        return written


def needed(curve: Mapping[float, float], target: float) -> str:
    """Labels with which a curve reaches a score, read between its points along the logarithm."""
    labels = labels_needed(curve, target)
    if math.isinf(labels):
        return f"more than {max(curve):.0f}"
    return f"at most {labels:.0f}" if labels == min(curve) else f"{labels:.1f}"


def report_annotation(config: str | Path, *, bundle: str, dataset_dir: str = "", weights: str = "") -> AnnotationReport:
    """Play a simulated annotation, or what is left of it, and write its report beside ``annotation.csv``.

    Args:
        config: JSON file with the words of :class:`medssl.study.Study`, those of :class:`medssl.study.Annotation`
            under "annotation", and "columns", of which the first is shown, "targets" and "notes".
        bundle: the bundle's folder.
        dataset_dir: folder of the images, instead of the file's.
        weights: folder of the weights; the bundle's models/ if empty.
    """
    words = {**read_json(config), "bundle": bundle}
    plan = Annotation(**words.pop("annotation"))
    column, targets, notes = words.pop("columns")[0], words.pop("targets"), words.pop("notes", [])
    study = study_of_file(words, config, dataset_dir=dataset_dir, weights=weights)
    report = AnnotationReport(run_annotation(study, plan), column, targets=targets, notes=notes)
    logger.info("wrote %s", ", ".join(str(file) for file in report.write(study.output)))
    return report
