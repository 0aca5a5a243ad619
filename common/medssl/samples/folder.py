"""A folder of samples to try every documented command on."""

from __future__ import annotations

from pathlib import Path

from medssl.data import write_whole
from medssl.samples.cases import sample_cases
from medssl.samples.chest import FILES, ORGANS, chest_ct
from medssl.samples.dicom import write_dicom_film, write_dicom_series
from medssl.samples.films import CLASSES, film_of, sample_radiographs
from medssl.samples.hearts import sample_hearts

FILM_SIDE = 512
README = """\
Sample images written by `python -m medssl samples`.

images/            NIfTI, HU and organ masks at 2 mm: real_00 is a real chest CT, virtual_01 and so on are virtual
                   patients derived from it (smooth deformation, other brightness, new noise)
dataset.json       the list of them; `--dataset_dir` takes this folder as it is
dicom/             the real CT once more, as a DICOM series of the patient SAMPLE
radiographs/       simulated chest radiographs of these patients, two each, as PNG with lung masks and a dataset.json of
                   their own; every second one has a nodule put into a lung, with its box in pixels
radiographs_dicom/ the two of the real CT once more, as 12-bit DICOM of the patient SAMPLE: `clear.dcm` is MONOCHROME1,
                   `nodule.dcm` MONOCHROME2
hearts/            cardiac studies of these patients as NIfTI with true affines and a dataset.json of their own: a
                   short-axis stack (SAX), a 2-chamber (2CH) and a 4-chamber (4CH) plane each
hearts_dicom/      the study of the real CT once more, as one DICOM series a view
LICENSE.md         where the CT comes from, its licence, and what was changed

Organ masks: {organs}. They are pseudo-labels made by a program, not by a person.

Radiographs are line integrals through the CTs without scatter; lung masks are computed from the organ masks.

Cardiac studies show CT values as brightness, so that blood with contrast medium, muscle, fat and lung look as they do
in bright-blood magnetic resonance images; they are none.

Derived images are demonstration and test data. One anatomy underlies all of them: numbers measured on them say nothing
about other patients, and the real CT is no independent test case of a model trained on its virtual patients.
"""


def write_samples(directory: str | Path, *, patients: int = 8, seed: int = 0) -> Path:
    """Write sample patients and their cardiac studies as NIfTI, their radiographs as PNG, and some as DICOM.

    Args:
        directory: a new folder, or one that this function wrote before.
        patients: number of patients, the embedded CT among them.
        seed: draws the virtual patients, radiographs and studies.

    Returns:
        The directory.
    """
    directory = Path(directory)
    sample_cases(directory, patients=patients, seed=seed)
    write_dicom_series(directory / "dicom", chest_ct())
    sample_radiographs(directory / "radiographs", patients=patients, side=FILM_SIDE, seed=seed)
    for number, name in enumerate(CLASSES):
        film = film_of(chest_ct(), number, side=FILM_SIDE, seed=seed)
        write_dicom_film(directory / "radiographs_dicom" / f"{name}.dcm", film, inverted=number == 0)
    sample_hearts(directory / "hearts", patients=patients, seed=seed)
    sample_hearts(directory / "hearts_dicom", patients=1, seed=seed, form="dicom")
    organs = ", ".join(f"{number} {organ}" for number, organ in enumerate(ORGANS, start=1))
    write_whole(directory / "README.txt", README.format(organs=organs).encode())
    write_whole(directory / "LICENSE.md", (FILES / "LICENSE.md").read_bytes())
    return directory
