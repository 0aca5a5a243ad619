"""Radiographs written as DICOM files, for tests."""

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ComputedRadiographyImageStorage, ExplicitVRLittleEndian, generate_uid

__all__ = ["write_radiograph"]


def write_radiograph(path, values, *, bits=12, photometric="MONOCHROME2", **header):
    """Write values ``(rows, columns)`` as one CR file; further words are elements of its header, None removes one."""
    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID = ComputedRadiographyImageStorage
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID = generate_uid()
    data.Modality = "CR"
    data.PatientID = "anna"
    data.PixelRepresentation = 0
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, photometric
    data.BitsStored, data.HighBit, data.BitsAllocated = bits, bits - 1, 8 if bits == 8 else 16
    data.Rows, data.Columns = values.shape[:2]
    data.PixelData = values.astype(np.uint8 if bits == 8 else np.uint16).tobytes()
    for name, value in header.items():
        setattr(data, name, value)
        if value is None:
            delattr(data, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    data.save_as(path, enforce_file_format=True)
    return str(path)
