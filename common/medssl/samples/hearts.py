"""Lists of sample cardiac studies for a config: short-axis stacks and long-axis views of virtual patients as files."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from medssl.data.words import switch
from medssl.samples.dicom import write_dicom_view
from medssl.samples.heart_bodies import ChestBody, PhantomInChest
from medssl.samples.heart_images import Body, Scanner, acquire
from medssl.samples.heart_planes import VIEWS, prescribe
from medssl.samples.phantom import WALL_MM, PhantomBody
from medssl.samples.writing import Case, read_cases, write_cases, write_nifti

logger = logging.getLogger(__name__)

CLASSES = tuple(WALL_MM)
SOURCES = ("ct", "phantom")
FORMS = ("nifti", "dicom")


def sample_hearts(
    directory: str | Path,
    *,
    patients: int = 8,
    seed: int = 0,
    source: str = "ct",
    chambers: bool = False,
    form: str = "nifti",
    views: Sequence[str] = ("SAX", "2CH", "4CH"),
    held_out: int = 0,
    heart: bool = True,
    decoupled: bool = False,
) -> list[Case]:
    """Cut cardiac studies with true affines, unless they are there already.

    They are demonstration data: one anatomy underlies all that come from the CT, and the phantom has none. Whole files
    of the same settings are used again. Several processes may call this at once.

    Args:
        directory: where ``dataset.json`` and ``images/`` are, or will be; a folder of their own.
        patients: number of studies, at least 1, one a patient. Fewer are the first ones of more.
        seed: draws patients, prescriptions, breath-holds and noise.
        source: "ct" for the embedded CT ("real_00") and the virtual patients of :func:`medssl.samples.sample_cases`,
            their HU turned into the grey values of bright-blood images; "phantom" for chests made of ellipsoids.
        chambers: give short-axis stacks a label (1 right ventricle, 2 myocardium, 3 left ventricle); with "ct" the
            phantom's heart is laid into the heart region of each patient.
        form: "nifti" for one file a view, "dicom" for one series a view.
        views: which ones, in which order: a stack "SAX" of 100x100 pixels and 8 mm slices, "2CH", "3CH" and "4CH" of
            120x120 pixels and 6 mm, all with pixels of 1.5 mm.
        held_out: how many patients, the last ones, have the ``split`` "val", the others then have "train"; with 0 the
            list says nothing of it.
        heart: False puts fat in place of the heart and leaves the planes where they are, to see what the rest of the
            chest tells; with "ct" the heart's outline stays, with "phantom" nothing of it.
        decoupled: with "phantom", draw the heart's pose so widely that the chest does not tell it.

    Returns:
        One ``{"image", "patient", "study", "view"}`` a view, with "label" for stacks if asked for, and "split". Where
        the heart is a phantom, "class" is 0 for every first and 1, a thick wall, for every second patient. Paths are
        absolute.

    Raises:
        ValueError: if there is no patient, all are held out, or words are unknown or do not go together.
    """
    settings = {"made": "hearts", "seed": seed, "source": source, "form": form, "views": list(views)}
    for name, value in {"chambers": chambers, "heart": heart, "decoupled": decoupled}.items():
        settings[name] = switch(value, name)
    _check(settings, patients=patients, held_out=held_out)
    directory, total = Path(directory), patients * len(views)
    cases = read_cases(directory, settings)[:total]
    if len(cases) < total:
        logger.info("cutting cardiac studies of %d sample patients to %s", patients, directory)
        studies = [_write_study(directory, number, settings=settings) for number in range(patients)]
        cases = write_cases(directory, [case for study in studies for case in study], settings=settings)
    last = {case["patient"] for case in cases[total - held_out * len(views) :]}
    splits = [{"split": "val" if case["patient"] in last else "train"} if held_out else {} for case in cases]
    return [_numbered(case) | split for case, split in zip(cases, splits, strict=True)]


def _check(settings: dict[str, Any], *, patients: int, held_out: int) -> None:
    if patients < 1 or not 0 <= held_out < patients:
        raise ValueError(
            f"sample_hearts needs at least 1 patient, and 1 that is not held out, got {patients} and {held_out}; "
            "correct the words 'patients' and 'held_out'."
        )
    for name, known in {"source": SOURCES, "form": FORMS}.items():
        if settings[name] not in known:
            raise ValueError(f"sample_hearts knows the {name}s {list(known)}, got {settings[name]!r}; choose one.")
    views = settings["views"]
    if not views or len({*views}) < len(views) or {*views} - {*VIEWS}:
        raise ValueError(f"sample_hearts needs some of the views {list(VIEWS)}, each once, got {views}; correct them.")
    if settings["decoupled"] and settings["source"] != "phantom":
        raise ValueError("decoupled=True needs source='phantom': in a CT the heart's pose cannot be drawn anew.")
    if settings["chambers"] and not settings["heart"]:
        raise ValueError("chambers=True needs a heart, got heart=False; leave out one of them.")


def _numbered(case: Case) -> Case:
    return case | ({"class": CLASSES.index(case["class"])} if "class" in case else {})


def draw_body(number: int, settings: dict[str, Any]) -> tuple[str, Body, str]:
    """Name, body and class of one patient of the list; no class if its heart is no phantom."""
    generator = np.random.default_rng((settings["seed"], number))
    category = CLASSES[number % len(CLASSES)]
    if settings["source"] == "phantom":
        words = {key: settings[key] for key in ("heart", "decoupled")}
        return f"phantom_{number:02d}", PhantomBody(generator, category=category, **words), category * settings["heart"]
    name, drawn = (f"virtual_{number:02d}", generator) if number else ("real_00", None)
    if settings["chambers"]:
        return name, PhantomInChest(drawn, category=category), category
    return name, ChestBody(drawn, heart=settings["heart"]), ""


def _write_study(directory: Path, number: int, *, settings: dict[str, Any]) -> list[Case]:
    patient, body, category = draw_body(number, settings)
    generator = np.random.default_rng((settings["seed"], number, 1))
    scanner = Scanner.drawn(generator)
    cases = []
    for name in settings["views"]:
        view = prescribe(body.frame, name, generator=generator)
        image, label = acquire(body, view, scanner=scanner, generator=generator)
        case: Case = {"image": f"images/{patient}_{name}", "patient": patient, "study": patient, "view": name}
        if settings["form"] == "dicom":
            write_dicom_view(
                directory / case["image"], image, view=view, patient=patient, study=f"{patient} of {settings}"
            )
        else:
            case["image"] += ".nii.gz"
            write_nifti(directory / case["image"], image, affine=view.affine)
        if settings["chambers"] and name == "SAX":
            case["label"] = f"images/{patient}_{name}_chambers.nii.gz"
            write_nifti(directory / case["label"], label, affine=view.affine)
        cases.append(case | ({"class": category} if category else {}))
    return cases
