"""What a list of studies holds, and whether its geometry can be trusted."""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from medssl.data import (
    EVERY_PLANE,
    PlaneImage,
    Verdict,
    agreements,
    judge_geometry,
    named_stacks,
    plane_images,
    profile_shifts,
    study_warnings,
    switch,
    write_rows,
    write_studies,
)
from medssl.figures import draw_study
from medssl.geometry import angle_between_deg, line_status

__all__ = ["survey_studies"]

logger = logging.getLogger(__name__)
NAMED = 20  # warnings in the log; the table has all
SLICES_DRAWN = 12  # of a stack


@dataclass(frozen=True)
class Finding:
    """What was seen of one study."""

    pairs: list[dict[str, Any]]
    row: dict[str, Any]
    warnings: list[str]


def survey_studies(
    studies: Sequence[Mapping[str, Any]],
    *,
    studies_dir: str,
    output_dir: str,
    pairs: Mapping[str, Sequence[str]],
    directions: Mapping[str, Any] | None = None,
    min_correlation: float = 0.5,
    max_pictures: int = 50,
    strict: bool = False,
    facts: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Check the geometry of studies by their headers and by what crossing images show; write it down, and the studies.

    Writes ``survey.csv`` (a row a pair of planes of different stacks, at most six planes a stack), ``studies.csv`` (a
    row a study, with its warnings), ``pictures/`` (every plane's line on every other, studies with warnings first) into
    ``output_dir``, and ``studies.json`` into ``studies_dir``. Studies with warnings stay in the list.

    Args:
        studies: what :func:`medssl.data.stored_studies` gives.
        studies_dir: where that has stored their planes.
        output_dir: where tables and pictures go.
        pairs: by host view the guests, see :class:`medssl.data.StudyHosts`.
        directions: by view, which way its stack runs, see :func:`medssl.data.stored_studies`.
        min_correlation: mean correlation along common lines below which a stack is suspect, in [-1, 1].
        max_pictures: studies that are drawn.
        strict: whether a warning is an error; nothing is listed then.
        facts: what else ``studies.json`` shall say, above all the ``data_hash``.

    Returns:
        ``studies``, ``with_warnings``, ``correlation`` (mean over the studies in which planes cross; None without), and
        ``warnings``, how many studies have each kind.

    Raises:
        ValueError: if ``strict`` holds and there is a warning.
    """
    switch(strict, "strict")
    findings = []
    for number, study in enumerate(studies, 1):
        warnings = study_warnings(study, pairs=pairs, directions=directions)
        findings.append(examine(study, studies_dir, min_correlation=min_correlation, warnings=warnings))
        logger.info("surveyed %d of %d studies.", number, len(studies))
    folder = Path(output_dir)
    write_rows(folder / "survey.csv", [row for finding in findings for row in finding.pairs])
    write_rows(folder / "studies.csv", [finding.row for finding in findings])
    for number in sorted(range(len(studies)), key=lambda n: not findings[n].warnings)[:max_pictures]:
        _draw(studies[number], findings[number], studies_dir=studies_dir, folder=folder / "pictures")
    summary = _summary(findings)
    _tell(findings, summary)
    if strict and summary["with_warnings"]:
        named = [f"{finding.row['study']}: {text}" for finding in findings for text in finding.warnings]
        raise ValueError(
            f"{summary['with_warnings']} of {len(studies)} studies have warnings, strict allows none; correct or "
            "remove them:\n" + "\n".join(named[:NAMED])
        )
    write_studies(studies, studies_dir, facts=facts or {})
    return summary


def examine(study: Mapping[str, Any], studies_dir: str, *, min_correlation: float, warnings: Sequence[str]) -> Finding:
    """Look at the images of one study.

    Args:
        study: its record.
        studies_dir: where its planes are.
        min_correlation: see :func:`survey_studies`.
        warnings: what its headers say already.
    """
    images = plane_images(study, studies_dir)
    rows = pair_rows(images)
    verdicts = judge_geometry(images, min_correlation=min_correlation)
    warnings = [*warnings, *(text for verdict in verdicts if (text := complaint(verdict)))]
    row = {
        "study": study["study"],
        "patient": study["patient"],
        "planes": len(study["planes"]),
        "views": ", ".join(f"{len(planes)} {name}" for name, planes in named_stacks(study).items()),
        "crossings": sum(row["correlation"] != "" for row in rows),
        "correlation": _mean([row["correlation"] for row in rows]),
        "edges": _mean([row["edges"] for row in rows]),
        "shift_mm": _mean([row["shift_mm"] for row in rows]),
        "judged_by": ", ".join(dict.fromkeys(verdict.measure for verdict in verdicts)),
        "warnings": "; ".join(warnings),
    }
    return Finding([{"study": study["study"], **row} for row in rows], row, warnings)


def pair_rows(images: Sequence[PlaneImage]) -> list[dict[str, Any]]:
    """How planes of different stacks lie to each other, and how alike their images are; a row a pair."""
    couples = [(one, other) for one, other in combinations(images, 2) if one.stack != other.stack]
    rows = []
    columns = zip(couples, agreements(couples), profile_shifts(couples), strict=True)
    for (one, other), (correlation, edges, length), shift in columns:
        known, status = np.isfinite(correlation), line_status(one.affine, other.affine, size=one.values.shape)
        rows.append(
            {
                "first": one.name,
                "second": other.name,
                "status": "apart" if status == "intersects" and not known else status,
                "angle_deg": round(angle_between_deg(one.affine, other.affine), 1),
                "line_mm": round(float(length)) if known else "",
                "correlation": round(float(correlation), 3) if known else "",
                "edges": round(float(edges), 3) if known and np.isfinite(edges) else "",
                "shift_mm": float(shift) if known else "",
            }
        )
    return rows


def complaint(verdict: Verdict) -> str:
    """What is wrong with a stack, in plain words; empty if nothing is."""
    which = EVERY_PLANE if verdict.stack == EVERY_PLANE else f"{verdict.stack} and the planes that cross it"
    if verdict.repair:
        return (
            f"geometry disagrees with the images: the {verdict.measure} of {which} correlate by {verdict.found:.2f}, "
            f"and would by {verdict.repaired:.2f} with {verdict.repair}"
        )
    if not verdict.low:
        return ""
    if verdict.measure == "edges":
        return f"geometry cannot be confirmed: the edges of {which} correlate by {verdict.found:.2f} only"
    return (
        f"geometry disagrees with the images: the grey values of {which} correlate by {verdict.found:.2f} only, and no "
        "usual error of a header explains it"
    )


def _mean(values: Sequence[Any]) -> Any:
    known = [value for value in values if value != ""]
    return round(float(np.mean(known)), 3) if known else ""


def _draw(study: Mapping[str, Any], finding: Finding, *, studies_dir: str, folder: Path) -> None:
    images = plane_images(study, studies_dir, per_stack=SLICES_DRAWN)
    if images:
        name = re.sub(r"[^\w.-]+", "_", str(study["study"]))
        draw_study(images, path=folder / f"{name}.png", title=str(study["study"]), notes=finding.warnings)


def _summary(findings: Sequence[Finding]) -> dict[str, Any]:
    kinds = Counter(kind for finding in findings for kind in {text.partition(":")[0] for text in finding.warnings})
    return {
        "studies": len(findings),
        "with_warnings": sum(bool(finding.warnings) for finding in findings),
        "correlation": _mean([finding.row["correlation"] for finding in findings]) or None,
        "warnings": dict(kinds.most_common()),
    }


def _tell(findings: Sequence[Finding], summary: Mapping[str, Any]) -> None:
    named = [f"{finding.row['study']}: {text}" for finding in findings for text in finding.warnings]
    for line in named[:NAMED]:
        logger.warning("%s", line)
    if len(named) > NAMED:
        logger.warning("%d more warnings stand in studies.csv.", len(named) - NAMED)
    means = [finding.row["correlation"] for finding in findings if finding.row["correlation"] != ""]
    seen = "images correlate along their common lines by {:.2f} on average, least {:.2f}"
    kinds = ", ".join(f"{kind} ({count})" for kind, count in summary["warnings"].items())
    logger.info(
        "%d studies, %s; %d with warnings%s.",
        summary["studies"],
        seen.format(np.mean(means), min(means)) if means else "no planes cross",
        summary["with_warnings"],
        f": {kinds}" if kinds else "",
    )
