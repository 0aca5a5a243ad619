"""Lists of sample radiographs for a config: simulated films of the embedded CT and its virtual patients as PNG."""

from __future__ import annotations

import logging
from pathlib import Path

from medssl.samples.cases import sample_patient
from medssl.samples.chest import Scan
from medssl.samples.radiographs import Radiograph, simulate_radiograph
from medssl.samples.writing import Case, read_cases, write_cases, write_png

logger = logging.getLogger(__name__)

CLASSES = ("clear", "nodule")
RAYS = 256  # more show nothing new of voxels of 2 mm


def sample_radiographs(
    directory: str | Path,
    *,
    patients: int = 8,
    views: int = 2,
    side: int = 256,
    seed: int = 0,
    spacing: float = 2.0,
) -> list[Case]:
    """Simulate radiographs with lung masks, every other one with a nodule, unless they are there already.

    They are demonstration data: one anatomy underlies all of them. Nodules are put into every second view, so that a
    patient's anatomy does not tell the classes apart. Whole files of the same settings are used again. Several
    processes may call this at once.

    Args:
        directory: where ``dataset.json`` and ``images/`` are, or will be; a folder of their own.
        patients: number of patients, at least 1, the same ones as :func:`medssl.samples.sample_cases` gives. Fewer are
            the first ones of more.
        views: films of each patient, at least 1, each with another pose, nodule and noise.
        side: pixels along each edge of a film.
        seed: draws virtual patients and films.
        spacing: edge length in mm of the voxels that the rays go through.

    Returns:
        One ``{"image", "label", "class", "patient"}`` a film: label 1 is the lungs, class 0 is clear and 1 has a
        nodule, with ``"boxes": [{"class": "nodule", "box": [x, y, width, height]}]`` in pixels. Paths are absolute.

    Raises:
        ValueError: if there is no patient, no view, no spacing or no pixel.
    """
    if min(patients, views, side) < 1 or spacing <= 0:
        raise ValueError(
            "sample_radiographs needs at least 1 patient, 1 view, a side of 1 and a spacing above 0 mm, got "
            f"{patients}, {views}, {side} and {spacing:g}; correct the words of these names."
        )
    directory = Path(directory)
    settings = {"made": "radiographs", "views": views, "side": side, "seed": seed, "spacing": spacing}
    cases = read_cases(directory, settings)[: patients * views]
    if len(cases) < patients * views:
        logger.info("simulating %d radiographs of %d patients in %s", patients * views, patients, directory)
        cases = []
        for number in range(patients):
            patient, scan = sample_patient(number, spacing=spacing, seed=seed)
            for view in range(views):
                film = film_of(scan, number * views + view, side=side, seed=seed)
                cases.append(_write_film(directory, film, name=f"{patient}_view_{view}") | {"patient": patient})
        cases = write_cases(directory, cases, settings=settings)
    return [case | {"class": CLASSES.index(case["class"])} for case in cases]


def film_of(scan: Scan, number: int, *, side: int, seed: int = 0) -> Radiograph:
    """Simulate film ``number`` of the list; odd ones have a nodule."""
    return simulate_radiograph(scan, seed=(seed, number), rays=min(side, RAYS), side=side, nodule=number % 2 == 1)


def _write_film(directory: Path, film: Radiograph, *, name: str) -> Case:
    case: Case = {"image": f"images/{name}.png", "label": f"images/{name}_lungs.png", "class": CLASSES[bool(film.box)]}
    write_png(directory / case["image"], film.picture)
    write_png(directory / case["label"], film.lungs)
    return case | ({"boxes": [{"class": CLASSES[1], "box": film.box}]} if film.box else {})
