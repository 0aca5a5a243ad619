"""What a study found: tables, comparisons and figures of its rows."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from medssl.data import read_json, read_rows, write_rows, write_whole
from medssl.figures import draw_label_curves, draw_score_bars
from medssl.study.comparisons import Comparison, compare_runs, condition, distinct, label_counts, scored
from medssl.study.conditions import study_of_file
from medssl.study.running import run_study
from medssl.study.statistics import smallest_p
from medssl.study.tables import comparison_table, study_table

__all__ = ["Report", "report_runs", "report_study"]

logger = logging.getLogger(__name__)
FACTS = {  # columns of a row that are no metrics
    *("init", "fraction", "seed", "tuning", "settings", "pretrained", "images", "patients", "evaluated"),
    *("minutes", "epochs", "iterations", "hardware", "torch", "monai", "data", "configs"),
}
TITLES = {
    "full": "all layers trained",
    "frozen": "frozen encoder",
    "linear": "linear probe",
    "knn": "nearest neighbours",
}
READING = """\
Pairs are runs of one seed, with the same labels. The interval is a percentile bootstrap of the mean difference. Both p
are two-sided, of the paired t-test and of Wilcoxon's exact signed-rank test; in brackets after Holm over {comparisons}.
They speak of other seeds (draws of labels, of new layers and batches), not of other test patients. Labels saved: how
many more labels {baseline} needs for the same mean, read off its means alone."""


@dataclass(frozen=True)
class Report:
    """Tables and figures of a study's rows.

    Attributes:
        rows: of the runs that are finished, each once.
        columns: scores to show, of which the first is tested and drawn.
        baseline: the initialisation that the others are compared with; the first that occurs if empty.
        count: column that says how many labels there were: "images" or "patients".
        notes: lines below the tables.
    """

    rows: Sequence[Mapping[str, str]]
    columns: Sequence[str]
    baseline: str = ""
    count: str = "images"
    notes: Sequence[str] = ()

    @cached_property
    def comparisons(self) -> list[Comparison]:
        """Every initialisation beside the baseline; none where no run of the baseline has a score."""
        inits = {row["init"] for row in self.rows if scored(row, self.columns[0])}
        if not inits or (self.baseline and self.baseline not in inits):
            said = f"baseline {self.baseline!r}" if self.baseline else "study"
            logger.warning("no finished run of the %s has %r, so nothing is compared.", said, self.columns[0])
            return []
        return compare_runs(self.rows, self.columns[0], baseline=self.baseline, count=self.count)

    def text(self, form: str = "text") -> str:
        """The tables, how to read them, and the notes.

        Args:
            form: "text" or "markdown".
        """
        if not self.rows:
            return "no run is finished."
        parts = [study_table(self.rows, self.columns, form=form)]
        if any(len(one.scores) > 1 for one in self.comparisons):
            parts += [
                f"{self.columns[0]}, beside {self.comparisons[0].baseline}:",
                comparison_table(self.comparisons, form=form),
                "\n".join(self.reading()),
            ]
        return "\n\n".join([*parts, *(["\n".join(self.notes)] if self.notes else [])])

    def reading(self) -> list[str]:
        """How to read the comparisons, and what they cannot show."""
        number, baseline = len(self.comparisons), self.comparisons[0].baseline
        lines = [READING.format(comparisons=f"{number} comparison{'s' * (number > 1)}", baseline=baseline)]
        for pairs in sorted({len(one.scores) for one in self.comparisons}):
            least, said = smallest_p(pairs), f"With {pairs} pairs the signed-rank p is at least {smallest_p(pairs):.3g}"
            after = f", after Holm over {number} at least {min(1, number * least):.3g}."
            lines.append(said + (": it cannot fall below 0.05." if least >= 0.05 else after))
        others = [row for row in self.rows if scored(row, self.columns[0]) and row["init"] != baseline]
        lost = len(others) - sum(len(one.scores) for one in self.comparisons)
        return [*lines, *([f"{lost} runs have no partner of {baseline} and are left out."] if lost else [])]

    def write(self, folder: str | os.PathLike) -> list[Path]:
        """Write ``table.txt``, ``comparisons.csv`` and the figures; one figure of each kind a tuning.

        Args:
            folder: where to; made if it is not there.
        """
        if not self.rows:
            return []
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        records = [one.record for one in self.comparisons]
        written = [write_whole(folder / "table.txt", f"{self.text()}\n".encode())]
        written += [write_rows(folder / "comparisons.csv", records)] if records else []
        tunings = list(dict.fromkeys(condition(row)[0] for row in self.rows))
        for tuning in tunings:
            written += self.draw(tuning, folder, ending="" if len(tunings) == 1 else f"_{tuning}")
        return written

    def draw(self, tuning: str, folder: Path, *, ending: str) -> list[Path]:
        """Draw bars and curves of one tuning, unless no row of it has a score."""
        column = self.columns[0]
        rows = [row for row in self.rows if condition(row)[0] == tuning and scored(row, column)]
        if not rows:
            return []
        counted = any(row.get(self.count) for row in rows)
        inits = list(dict.fromkeys(row["init"] for row in rows))
        bars: dict[str, dict[str, list[float]]] = {}
        curves: dict[str, dict[float, list[float]]] = {init: {} for init in inits}
        p_values: dict[str, dict[str, float]] = {}
        for one, labels in label_counts(rows, self.count).items():
            share = f"{100 * one[1]:.3g} % of the labels"
            group = f"{labels:.0f} labelled {self.count}\n({share})" if counted else share
            for init in inits:
                scores = [float(row[column]) for row in rows if (condition(row), row["init"]) == (one, init)]
                curves[init][labels] = bars.setdefault(group, {})[init] = scores
            p_values[group] = {c.init: c.holm_t for c in self.comparisons if (c.tuning, c.fraction) == one}
        words = {"ylabel": column, "title": TITLES.get(tuning, tuning)}
        xlabel = f"labelled {self.count}" if counted else "share of the labels"
        return [
            draw_score_bars(bars, folder / f"bars{ending}.png", p_values=p_values, **words),
            draw_label_curves(curves, folder / f"curve{ending}.png", xlabel=xlabel, **words),
        ]


def report_runs(files: Sequence[str | os.PathLike], **words: Any) -> Report:
    """A report of the rows of tables.

    Args:
        files: CSVs of runs, joined; a run that several have counts once.
        words: of :class:`Report`; ``columns`` are "mean", else the first metric, if left out.

    Raises:
        ValueError: if a file is not there or has no rows, or two rows of one run differ in their settings.
    """
    tables = {str(file): read_rows(file) for file in files}
    empty = [file for file, rows in tables.items() if not rows]
    if empty or not tables:
        raise ValueError(f"a report needs tables with rows, got none in {empty}; correct the paths.")
    rows = distinct([row for table in tables.values() for row in table])
    metrics = [name for name in rows[0] if name not in FACTS]
    words["columns"] = words.get("columns") or (["mean"] if "mean" in metrics else metrics[:1])
    return Report(rows, **words)


def report_study(config: str | Path, *, bundle: str = "", dataset_dir: str = "", weights: str = "") -> Report:
    """Run a study, or what is left of it, and write its report beside ``runs.csv``.

    Args:
        config: JSON file with the words of :class:`medssl.study.Study` and of :class:`Report`, and overrides of every
            run. In its texts {bundle} stands for the bundle's folder, {weights} for that of the weights, {here} for
            the file's own.
        bundle: the bundle's folder, instead of the file's.
        dataset_dir: folder of the images, instead of the file's.
        weights: folder of the weights; the bundle's models/ if empty.
    """
    words = read_json(config)
    shown = {name: words.pop(name) for name in ("columns", "baseline", "count", "notes") if name in words}
    words["bundle"] = bundle or words["bundle"]
    study = study_of_file(words, config, dataset_dir=dataset_dir, weights=weights)
    defaults = {"columns": ["mean"], "baseline": next(iter(study.inits))}
    report = Report(run_study(study), **{**defaults, **shown})
    logger.info("wrote %s", ", ".join(str(file) for file in report.write(study.output)))
    return report
