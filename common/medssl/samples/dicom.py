"""Scans and views of a heart as series of DICOM files, a film as one file, so that reading DICOM can be tried."""

from __future__ import annotations

import io
from hashlib import sha256
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from monai.utils import optional_import

from medssl.data import write_whole
from medssl.samples.chest import AIR_HU, Scan
from medssl.samples.heart_planes import HeartView
from medssl.samples.radiographs import Radiograph

pydicom, _ = optional_import("pydicom")

PATIENT = "SAMPLE"
LEVELS, DARKEST, BRIGHTEST = 4096, 1024, 3071  # 12 bit; what a film shows lies in the middle half of them


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
        content = _bytes_of(_slice(scan, number, key=key))
        write_whole(Path(directory) / f"slice_{number:03d}.dcm", content)
    return Path(directory)


def write_dicom_film(path: str | Path, film: Radiograph, *, inverted: bool = False) -> Path:
    """Write one Digital X-Ray file of 12 bit with a display window; the same film gives the same bytes.

    Args:
        path: the file.
        film: what it shows.
        inverted: store dark as high numbers (MONOCHROME1) instead of bright (MONOCHROME2).

    Returns:
        The path.
    """
    return write_whole(path, _bytes_of(_film(film, inverted=inverted)))


def write_dicom_view(directory: str | Path, image: np.ndarray, *, view: HeartView, patient: str, study: str) -> Path:
    """Write one MR Image Storage file for each slice of a view; the same image gives the same bytes.

    Args:
        directory: where ``slice_000.dcm`` and so on are written.
        image: brightness of 0 to 65,535, ``(columns, rows, slices)``.
        view: where it lies; its name becomes the series description.
        patient: whose heart it is.
        study: what tells the study from any other; its views share identifiers and frame of reference.

    Returns:
        The directory.

    Raises:
        ValueError: if image and view have different shapes, or brightness does not fit.
    """
    if image.shape != view.shape or image.min() < 0 or image.max() > np.iinfo(np.uint16).max:
        raise ValueError(
            f"write_dicom_view needs an image {view.shape} of 0 to 65535, "
            f"got {image.shape} of {image.min():g} to {image.max():g}; take the image of this view."
        )
    key = sha256(image.tobytes() + view.affine.tobytes()).hexdigest()
    for number in range(image.shape[2]):
        data = _view_slice(view, number, key=key, study=study)
        data.PatientID = data.PatientName = patient
        _add_pixels(data, image[:, :, number].astype("<u2"), bits=16)
        data.PhotometricInterpretation = "MONOCHROME2"
        write_whole(Path(directory) / f"slice_{number:03d}.dcm", _bytes_of(data))
    return Path(directory)


def _view_slice(view: HeartView, number: int, *, key: str, study: str) -> Any:
    to_lps = np.array([-1, -1, 1])  # DICOM counts to the left and back
    columns = view.affine[:3, :3] * to_lps[:, None]
    pixel_u, pixel_v, thickness = np.linalg.norm(columns, axis=0)
    data = _new_file("MRImageStorage", key, number=number + 1)
    data.StudyInstanceUID, data.FrameOfReferenceUID = (
        pydicom.uid.generate_uid(entropy_srcs=[study, level]) for level in ("study", "frame")
    )
    data.ImageType = ["DERIVED", "SECONDARY"]
    data.Modality, data.BodyPartExamined, data.PatientPosition = "MR", "HEART", "HFS"
    data.SeriesDescription, data.PositionReferenceIndicator = view.view, ""
    data.ScanningSequence, data.SequenceVariant, data.ScanOptions, data.MRAcquisitionType = "GR", "SS", "", "2D"
    data.EchoTime = data.EchoTrainLength = data.RepetitionTime = ""
    data.ImagePositionPatient = [round(float(x), 4) for x in (view.affine @ [0, 0, number, 1])[:3] * to_lps]
    directions = np.concatenate([columns[:, 0] / pixel_u, columns[:, 1] / pixel_v])
    data.ImageOrientationPatient = [round(float(x), 6) for x in directions]
    data.PixelSpacing = [round(float(x), 6) for x in (pixel_v, pixel_u)]  # between rows, between columns
    data.SliceThickness = data.SpacingBetweenSlices = round(float(thickness), 6)
    return data


def _film(film: Radiograph, *, inverted: bool) -> Any:
    pixels = np.round(DARKEST + film.brightness * (BRIGHTEST - DARKEST)).clip(0, LEVELS - 1)
    pixels = (LEVELS - 1 - pixels if inverted else pixels).astype("<u2")
    key = sha256(pixels.tobytes()).hexdigest()
    data = _new_file("DigitalXRayImageStorageForPresentation", key, number=1)
    data.Modality, data.PresentationIntentType = "DX", "FOR PRESENTATION"
    data.BodyPartExamined, data.ViewPosition, data.ImageLaterality = "CHEST", "PA", "U"
    data.PatientOrientation = ["L", "F"]  # along a row, down a column
    data.ImageType, data.SeriesDescription = ["DERIVED", "PRIMARY"], "simulated from LIDC-IDRI-0001"
    data.ImagerPixelSpacing = data.PixelSpacing = [round(film.pixel_mm, 5)] * 2
    data.PixelIntensityRelationship, data.PixelIntensityRelationshipSign = "LOG", 1 if inverted else -1
    data.BurnedInAnnotation, data.LossyImageCompression = "NO", "00"
    _add_pixels(data, pixels, bits=12)
    data.PhotometricInterpretation = "MONOCHROME1" if inverted else "MONOCHROME2"
    data.PresentationLUTShape = "INVERSE" if inverted else "IDENTITY"
    data.RescaleIntercept, data.RescaleSlope, data.RescaleType = 0, 1, "US"
    data.WindowCenter, data.WindowWidth = LEVELS // 2, BRIGHTEST - DARKEST + 1
    return data


def _slice(scan: Scan, number: int, *, key: str) -> Any:
    position = (scan.affine @ [0, 0, number, 1])[:3] * (-1, -1, 1)  # DICOM counts to the left and back
    data = _new_file("CTImageStorage", key, number=number + 1)
    data.ImageType = ["DERIVED", "SECONDARY", "AXIAL"]
    data.KVP = data.PositionReferenceIndicator = ""
    data.FrameOfReferenceUID = pydicom.uid.generate_uid(entropy_srcs=[key, "frame"])
    data.Modality, data.BodyPartExamined, data.PatientPosition = "CT", "CHEST", "HFS"
    data.SeriesDescription = "LIDC-IDRI-0001 at 2 mm, derived"
    data.ImagePositionPatient = [round(float(x), 4) for x in position]
    data.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    data.PixelSpacing, data.SliceThickness = [scan.spacing] * 2, scan.spacing
    data.SliceLocation = data.ImagePositionPatient[2]
    _add_pixels(data, (scan.image[:, :, number].astype(np.int32) - AIR_HU).astype("<u2"), bits=16)
    data.PhotometricInterpretation = "MONOCHROME2"
    data.RescaleIntercept, data.RescaleSlope, data.RescaleType = AIR_HU, 1, "HU"
    data.WindowCenter, data.WindowWidth = 40, 400
    return data


def _new_file(storage: str, key: str, *, number: int) -> Any:
    """Start a file of the sample patient: who, which study and series, image ``number`` of it."""
    head = pydicom.dataset.FileMetaDataset()
    head.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    head.MediaStorageSOPClassUID = getattr(pydicom.uid, storage)
    head.MediaStorageSOPInstanceUID = pydicom.uid.generate_uid(entropy_srcs=[key, "slice", str(number - 1)])
    data = pydicom.Dataset()
    data.file_meta = head
    data.SpecificCharacterSet = "ISO_IR 192"
    data.SOPClassUID, data.SOPInstanceUID = head.MediaStorageSOPClassUID, head.MediaStorageSOPInstanceUID
    data.StudyInstanceUID, data.SeriesInstanceUID = (
        pydicom.uid.generate_uid(entropy_srcs=[key, level]) for level in ("study", "series")
    )
    data.PatientID = data.PatientName = PATIENT
    data.PatientBirthDate = data.PatientSex = data.StudyDate = data.StudyTime = data.AccessionNumber = ""
    data.ReferringPhysicianName = data.Manufacturer = ""
    data.StudyID, data.SeriesNumber, data.AcquisitionNumber, data.InstanceNumber = "1", 1, 1, number
    return data


def _add_pixels(data: Any, pixels: np.ndarray, *, bits: int) -> None:
    """Store pixels ``(x, y)`` row by row."""
    data.Columns, data.Rows = pixels.shape
    data.SamplesPerPixel = 1
    data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 16, bits, bits - 1, 0
    data.PixelData = pixels.T.tobytes()


def _bytes_of(data: Any) -> bytes:
    content = io.BytesIO()
    data.save_as(content, enforce_file_format=True)
    return content.getvalue()
