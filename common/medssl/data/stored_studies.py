"""Studies on disk: their planes as arrays, and one list of where these lie."""

from __future__ import annotations

import hashlib
import json
import logging
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from medssl.data.files import first_file, short_name
from medssl.data.omissions import report_omissions
from medssl.data.records import read_json
from medssl.data.replacing import write_whole
from medssl.data.series import MARK
from medssl.data.study_files import series_description
from medssl.data.study_stacks import stacked
from medssl.data.study_store import StudyStore
from medssl.data.words import switch

__all__ = ["load_studies", "stored_studies", "write_studies"]

logger = logging.getLogger(__name__)
TABLE = "studies.json"
KEPT = ("split", "fold")
COMMAND = "python -m monai.bundle run --config_file configs/survey.json --dataset_dir DIR"


def stored_studies(
    cases: Sequence[dict[str, Any]],
    studies_dir: str,
    *,
    views: Mapping[str, str] | None = None,
    directions: Mapping[str, Any] | None = None,
    frames: str | Sequence[int] = "all",
    strict: bool = False,
) -> list[dict[str, Any]]:
    """The studies to which cases belong, with all their planes stored as arrays.

    Cases are of one study if they share the patient and the ``study`` that a list names, else the DICOM study; without
    either, all cases of a patient that lie in one folder are, or all that a list gives the patient. Cases that cannot
    be read, and studies whose planes lie in different spaces, are named, counted and left out.

    Args:
        cases: what :func:`medssl.data.find_cases` gives: DICOM series, NIfTI of planes or stacks.
        studies_dir: folder of the planes, see :class:`medssl.data.StudyStore`.
        views: by view, a regular expression that is looked for, in this order and whatever the case of letters, in what
            the scanner called the series, then in the name of the file or folder. A ``view`` that a list names comes
            first; what fits nothing is ``unknown``.
        directions: by view, which way its stack runs, see :func:`medssl.data.study_stacks.stacked`.
        frames: ``all`` frames of a plane, the ``first``, or a list of their numbers.
        strict: whether one bad case or study is an error.

    Returns:
        Studies ``{"study", "patient", "planes"}``, with ``split`` and ``fold`` as far as their cases have them. Planes
        are ``{"file", "view", "stack", "number", "affine", "size", "frames", "times_ms", "location", "stack_mm",
        "thickness_mm", "placed"}``: the path below ``studies_dir`` of ``(T, W, H)``, int16 or float32; number of the
        stack in the study and of the plane in the stack; RAS affine in mm; place between the first plane of the stack
        and the last, in [0, 1], None where unknown; length of the stack, None where unknown; whether the affine says
        where the plane lies.

    Raises:
        ValueError: if nothing is left, something is bad and ``strict`` holds, or a word is not understood.
    """
    switch(strict, "strict")
    rules = _rules(views or {})
    groups: dict[tuple[str, ...], list[tuple[dict[str, Any], dict[str, Any]]]] = {}
    bad, images = [], [case["image"] for case in cases]
    for number, (case, facts) in enumerate(zip(cases, StudyStore(studies_dir, frames).of_images(images), strict=True)):
        problem = facts.get("problem") or _label_map(case, facts)
        if problem:
            bad.append(f"{short_name(case['image'], images)}: {problem}")
            logger.warning("left out %s", bad[-1])
        else:
            groups.setdefault(_group(case, facts, number=number), []).append((case, facts))
    report_omissions(bad, len(cases), strict=strict)
    strange = {key: problem for key, members in groups.items() if (problem := _elsewhere(members))}
    report_omissions([f"{key[1]}: {strange[key]}" for key in strange], len(groups), strict=strict, what="studies")
    good = {key: members for key, members in groups.items() if key not in strange}
    studies = [_study(key, members, rules=rules, directions=directions or {}) for key, members in good.items()]
    _tell(studies)
    return studies


def write_studies(studies: Sequence[Mapping[str, Any]], studies_dir: str, *, facts: Mapping[str, Any]) -> Path:
    """Write ``studies.json``.

    Args:
        studies: what :func:`stored_studies` gives.
        studies_dir: where that has stored their planes.
        facts: what else is to be known of them, above all the ``data_hash`` of the cases.

    Returns:
        Its path.
    """
    page = {**facts, "studies": list(studies)}
    key = hashlib.sha256(json.dumps(page, sort_keys=True).encode()).hexdigest()
    return write_whole(Path(studies_dir).resolve() / TABLE, json.dumps({"key": key, **page}).encode())


def load_studies(studies_dir: str, data_hash: str = "none_given") -> dict[str, Any]:
    """The list of studies that :func:`write_studies` wrote.

    Args:
        studies_dir: its folder.
        data_hash: of which images it must be; ``none_given`` for any.

    Returns:
        ``key`` (another one for every other list), ``studies`` and what else was written.

    Raises:
        ValueError: if there is no list, or it is of other images.
    """
    path = Path(studies_dir).resolve() / TABLE
    page: dict[str, Any] = read_json(path) if path.is_file() else {}
    if not page:
        raise ValueError(f"There is no list of studies in {Path(studies_dir).name}; survey them first:\n{COMMAND}")
    if data_hash not in ("none_given", page.get("data_hash")):
        raise ValueError(
            f"The studies in {Path(studies_dir).name} are of other images (hash {str(page.get('data_hash'))[:8]}, "
            f"these have {data_hash[:8]}); survey them anew:\n{COMMAND}"
        )
    return page


def _rules(views: Mapping[str, str]) -> dict[str, re.Pattern[str]]:
    try:
        return {view: re.compile(rule, re.IGNORECASE) for view, rule in views.items()}
    except re.error as error:
        raise ValueError(f"views are regular expressions, but {error} in {error.pattern!r}; correct it.") from error


def _label_map(case: Mapping[str, Any], facts: Mapping[str, Any]) -> str:
    if case.get("listed") or not facts["few_values"]:
        return ""
    return (
        f"looks like a label map ({facts['few_values']} whole-number values); give an image_glob that leaves it out, "
        "or list it in a dataset.json if it is an image"
    )


def _group(case: Mapping[str, Any], facts: Mapping[str, Any], *, number: int) -> tuple[str, ...]:
    patient = str(case.get("patient", number))
    told = facts["study"] or ("" if case.get("listed") else str(Path(first_file(case["image"])).parent))
    named = hashlib.sha256(f"{patient} {told}".encode()).hexdigest()[:10]
    study = case.get("study") or f"study-{named}"
    return (patient, str(study), str(case.get("split")))


def _elsewhere(members: Sequence[tuple[Any, Mapping[str, Any]]]) -> str:
    spaces = {facts["frame_of_reference"] for _, facts in members} - {""}
    if len(spaces) < 2:
        return ""
    return (
        f"its {len(members)} series lie in {len(spaces)} frames of reference, so that nobody knows how they lie to "
        "each other; register them, or list each as a study of its own"
    )


def _study(
    key: tuple[str, ...],
    members: Sequence[tuple[dict[str, Any], dict[str, Any]]],
    *,
    rules: Mapping[str, re.Pattern[str]],
    directions: Mapping[str, Any],
) -> dict[str, Any]:
    planes = [
        {**plane, "view": view, "placed": facts["placed"], "source": source}
        for source, (case, facts) in enumerate(members)
        for view in [case.get("view") or _view(case["image"], rules)]
        for plane in facts["planes"]
    ]
    if any(facts["study"] and not facts["frame_of_reference"] for _, facts in members):
        logger.warning("%s: not every series names its frame of reference; they are taken to share one.", key[1])
    kept = {word: members[0][0][word] for word in KEPT if word in members[0][0]}
    return {"study": key[1], "patient": key[0], **kept, "planes": stacked(planes, directions)}


def _view(image: Any, rules: Mapping[str, re.Pattern[str]]) -> str:
    texts = [series_description(image), Path(first_file(image).partition(MARK)[0]).name] if rules else []
    found = [view for text in texts for view, rule in rules.items() if rule.search(text)]
    return found[0] if found else "unknown"


def _tell(studies: Sequence[Mapping[str, Any]]) -> None:
    planes = [plane for study in studies for plane in study["planes"]]
    counts = Counter(plane["view"] for plane in planes)
    logger.info(
        "%d studies with %d planes: %s.",
        len(studies), len(planes), ", ".join(f"{count} {view}" for view, count in counts.most_common()),
    )  # fmt: skip
    if len(studies) > 1 and all(len({plane["stack"] for plane in study["planes"]}) == 1 for study in studies):
        logger.warning(
            "each of %d studies has one stack; where several files are of one study, put each study into a folder of "
            "its own, or give a --patient_pattern or a dataset.json.",
            len(studies),
        )
    lost = sum(not plane["placed"] for plane in planes)
    if lost:
        logger.warning(
            "%d of %d planes have an affine that says nothing of where they lie; they serve slice location alone.",
            lost, len(planes),
        )  # fmt: skip
