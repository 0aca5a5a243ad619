"""Lists of sample images for a config: the embedded CT and its virtual patients as files."""

from __future__ import annotations

import logging
from pathlib import Path

from medssl.data.words import switch
from medssl.samples.chest import Scan, chest_ct
from medssl.samples.cubes import sample_cubes
from medssl.samples.virtual import virtual_patient
from medssl.samples.writing import Case, read_cases, write_cases, write_nifti

logger = logging.getLogger(__name__)


def sample_cases(
    directory: str | Path, *, patients: int = 8, spacing: float = 2.0, seed: int = 0, cubes: bool = False
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

    Returns:
        One ``{"image", "label", "patient"}`` a patient, or one ``{"image", "class", "patient"}`` a cube; paths are
        absolute.

    Raises:
        ValueError: if there is no patient or no spacing.
    """
    switch(cubes, "cubes")
    if patients < 1 or spacing <= 0:
        raise ValueError(
            f"sample_cases needs at least 1 patient and a spacing above 0 mm, got {patients} and {spacing:g}; "
            "correct the words 'patients' and 'spacing'."
        )
    cases = _patient_cases(Path(directory), patients, spacing=spacing, seed=seed)
    return sample_cubes(Path(directory) / "cubes", cases, seed=seed) if cubes else cases


def _patient_cases(directory: Path, patients: int, *, spacing: float, seed: int) -> list[Case]:
    settings = {"made": "patients", "spacing": spacing, "seed": seed}
    known = read_cases(directory, settings)
    if len(known) >= patients:
        return known[:patients]
    logger.info("writing %d sample patients to %s", patients, directory)
    cases = [_write_patient(directory, i, spacing=spacing, seed=seed) for i in range(patients)]
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


def _write_patient(directory: Path, number: int, *, spacing: float, seed: int) -> Case:
    name, scan = sample_patient(number, spacing=spacing, seed=seed)
    case = {"image": f"images/{name}_ct.nii.gz", "label": f"images/{name}_organs.nii.gz", "patient": name}
    write_nifti(directory / case["image"], scan.image, affine=scan.affine)
    write_nifti(directory / case["label"], scan.label, affine=scan.affine)
    return case
