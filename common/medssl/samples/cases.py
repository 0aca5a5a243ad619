"""Lists of sample images for a config: the embedded CT and its virtual patients as files."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np

from medssl.data.words import switch
from medssl.samples.chest import Scan, chest_ct
from medssl.samples.correspondence import known_displacement
from medssl.samples.cubes import sample_cubes
from medssl.samples.virtual import virtual_patient
from medssl.samples.writing import Case, read_cases, write_cases, write_nifti

logger = logging.getLogger(__name__)


def sample_cases(
    directory: str | Path,
    *,
    patients: int = 8,
    spacing: float = 2.0,
    seed: int = 0,
    cubes: bool = False,
    displacements: bool = False,
    held_out: int = 0,
) -> list[Case]:
    """Write the embedded CT and virtual patients as NIfTI with organ masks, unless they are there already.

    Whole files of the same settings are used again. Several processes may call this at once.

    Args:
        directory: where ``dataset.json`` and ``images/`` are, or will be; cubes have theirs in ``cubes/``.
        patients: number of patients, at least 1; the first one, "real_00", is the embedded CT, the others "virtual_01"
            and so on. Fewer are the first ones of more.
        spacing: edge length of the voxels in mm.
        seed: draws the virtual patients, and the cubes.
        cubes: give cubes with a class instead, as :func:`medssl.samples.sample_cubes` cuts them.
        displacements: write each patient's known correspondence with the embedded CT too, as a field that
            :func:`medssl.data.read_displacement` reads. Between two virtual patients tissue moves 20 mm (the median).
        held_out: how many patients, the last ones, have the ``split`` "val", the others then have "train"; with 0 the
            list says nothing of it.

    Returns:
        One ``{"image", "label", "patient"}`` a patient, with ``displacement`` and ``split`` if asked for, or one
        ``{"image", "class", "patient"}`` a cube; paths are absolute.

    Raises:
        ValueError: if there is no patient or no spacing, or all patients are held out.
    """
    switch(cubes, "cubes")
    if patients < 1 or spacing <= 0:
        raise ValueError(
            f"sample_cases needs at least 1 patient and a spacing above 0 mm, got {patients} and {spacing:g}; "
            "correct the words 'patients' and 'spacing'."
        )
    if not 0 <= held_out < patients:
        raise ValueError(f"sample_cases can hold out 0 to {patients - 1} of {patients} patients, got {held_out}.")
    extra = {"displacements": True} if switch(displacements, "displacements") else {}
    cases = _patient_cases(Path(directory), patients, settings={"spacing": spacing, "seed": seed, **extra})
    last = {case["patient"] for case in cases[patients - held_out :]}
    cases = sample_cubes(Path(directory) / "cubes", cases, seed=seed) if cubes else cases
    return [case | {"split": "val" if case["patient"] in last else "train"} for case in cases] if held_out else cases


def _patient_cases(directory: Path, patients: int, *, settings: dict[str, Any]) -> list[Case]:
    settings = {"made": "patients", **settings}
    known = read_cases(directory, settings)
    if len(known) >= patients:
        return known[:patients]
    logger.info("writing %d sample patients to %s", patients, directory)
    cases = [_write_patient(directory, number, settings=settings) for number in range(patients)]
    return write_cases(directory, cases, settings=settings)


def sample_patient(number: int, *, spacing: float = 2.0, seed: int = 0) -> tuple[str, Scan]:
    """Name and scan of one patient of all sample lists: 0 is the embedded CT, any other a virtual patient.

    Args:
        number: which patient, from 0.
        spacing: edge length of the voxels in mm.
        seed: draws the virtual patients.
    """
    if number:
        return f"virtual_{number:02d}", virtual_patient((seed, number), spacing=spacing)
    return "real_00", chest_ct().resampled(spacing)


def _write_patient(directory: Path, number: int, *, settings: dict[str, Any]) -> Case:
    name, scan = sample_patient(number, spacing=settings["spacing"], seed=settings["seed"])
    case = {"image": f"images/{name}_ct.nii.gz", "label": f"images/{name}_organs.nii.gz", "patient": name}
    write_nifti(directory / case["image"], scan.image, affine=scan.affine)
    write_nifti(directory / case["label"], scan.label, affine=scan.affine)
    if settings.get("displacements"):
        known = known_displacement(scan)
        vectors = np.moveaxis(known.vectors_mm, 0, -1)[..., None, :]  # (x, y, z, 1, 3)
        case["displacement"] = f"images/{name}_displacement.nii.gz"
        write_nifti(directory / case["displacement"], vectors, affine=known.affine, intent="displacement vector")
    return case
