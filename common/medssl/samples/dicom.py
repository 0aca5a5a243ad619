"""A scan as a series of DICOM files, so that reading DICOM can be tried."""

from __future__ import annotations

import io
from hashlib import sha256
from pathlib import Path

import nibabel as nib
import numpy as np
from monai.utils import optional_import

from medssl.data import write_whole
from medssl.samples.chest import AIR_HU, Scan

pydicom, _ = optional_import("pydicom")

PATIENT = "SAMPLE"


def write_dicom_series(directory: str | Path, scan: Scan) -> Path:
    """Write one CT Image Storage file for each slice, feet first; the same scan gives the same bytes.

    Args:
        directory: where ``slice_000.dcm`` and so on are written.
        scan: axes to the patient's left, back and head; other directions would need other tags.

    Returns:
        The directory.

    Raises:
        ValueError: if the axes point elsewhere.
    """
    directions = nib.aff2axcodes(scan.affine)
    if directions != ("L", "P", "S"):
        raise ValueError(f"write_dicom_series needs axes ('L', 'P', 'S'), got {directions}; reorient the scan first.")
    key = sha256(scan.image.tobytes()).hexdigest()  # identifiers of DICOM must differ between scans
    for number in range(scan.image.shape[2]):
        write_whole(Path(directory) / f"slice_{number:03d}.dcm", _slice_bytes(scan, number, key=key))
    return Path(directory)


def _slice_bytes(scan: Scan, number: int, *, key: str) -> bytes:
    position = (scan.affine @ [0, 0, number, 1])[:3] * (-1, -1, 1)  # DICOM counts to the left and back
    head = pydicom.dataset.FileMetaDataset()
    head.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    head.MediaStorageSOPClassUID = pydicom.uid.CTImageStorage
    head.MediaStorageSOPInstanceUID = pydicom.uid.generate_uid(entropy_srcs=[key, "slice", str(number)])
    data = pydicom.Dataset()
    data.file_meta = head
    data.SpecificCharacterSet = "ISO_IR 192"
    data.ImageType = ["DERIVED", "SECONDARY", "AXIAL"]
    data.SOPClassUID, data.SOPInstanceUID = head.MediaStorageSOPClassUID, head.MediaStorageSOPInstanceUID
    data.StudyInstanceUID, data.SeriesInstanceUID, data.FrameOfReferenceUID = (
        pydicom.uid.generate_uid(entropy_srcs=[key, level]) for level in ("study", "series", "frame")
    )
    data.PatientID = data.PatientName = PATIENT
    data.PatientBirthDate = data.PatientSex = data.StudyDate = data.StudyTime = data.AccessionNumber = ""
    data.ReferringPhysicianName = data.Manufacturer = data.KVP = data.PositionReferenceIndicator = ""
    data.Modality, data.BodyPartExamined, data.PatientPosition = "CT", "CHEST", "HFS"
    data.SeriesDescription = "LIDC-IDRI-0001 at 2 mm, derived"
    data.StudyID, data.SeriesNumber, data.AcquisitionNumber, data.InstanceNumber = "1", 1, 1, number + 1
    data.ImagePositionPatient = [round(float(x), 4) for x in position]
    data.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    data.PixelSpacing, data.SliceThickness = [scan.spacing] * 2, scan.spacing
    data.SliceLocation = data.ImagePositionPatient[2]
    pixels = (scan.image[:, :, number].T.astype(np.int32) - AIR_HU).astype("<u2")  # rows run to the back
    data.Rows, data.Columns = pixels.shape
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 16, 16, 15, 0
    data.RescaleIntercept, data.RescaleSlope, data.RescaleType = AIR_HU, 1, "HU"
    data.WindowCenter, data.WindowWidth = 40, 400
    data.PixelData = pixels.tobytes()
    content = io.BytesIO()
    data.save_as(content, enforce_file_format=True)
    return content.getvalue()
