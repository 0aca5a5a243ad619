"""The embedded CT and what is derived from it."""

from medssl.samples.cases import sample_cases
from medssl.samples.chest import ORGANS, Scan, chest_ct
from medssl.samples.correspondence import known_displacement
from medssl.samples.cubes import sample_cubes
from medssl.samples.dicom import write_dicom_film, write_dicom_series, write_dicom_view
from medssl.samples.films import sample_radiographs
from medssl.samples.folder import write_samples
from medssl.samples.hearts import sample_hearts
from medssl.samples.radiographs import Radiograph, simulate_radiograph
from medssl.samples.virtual import VirtualPatient, virtual_patient

__all__ = [
    "ORGANS",
    "Radiograph",
    "Scan",
    "VirtualPatient",
    "chest_ct",
    "known_displacement",
    "sample_cases",
    "sample_cubes",
    "sample_hearts",
    "sample_radiographs",
    "simulate_radiograph",
    "virtual_patient",
    "write_dicom_film",
    "write_dicom_series",
    "write_dicom_view",
    "write_samples",
]
