"""Radiographs and slices written as DICOM files, for tests."""

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ComputedRadiographyImageStorage, ExplicitVRLittleEndian, MRImageStorage, generate_uid

__all__ = ["enhanced", "write_radiograph", "write_slice"]


def write_radiograph(path, values, *, bits=12, photometric="MONOCHROME2", **header):
    """Write values ``(rows, columns)`` as one CR file; further words are elements of its header, None removes one."""
    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.SOPClassUID = header.pop("SOPClassUID", ComputedRadiographyImageStorage)
    data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID
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


def write_slice(path, values, *, position=(0, 0, 0), orientation=(1, 0, 0, 0, 1, 0), spacing=(1, 1), **header):
    """Write values ``(rows, columns)`` as a slice that lies somewhere; None in place of a tag leaves it out."""
    place = {"ImagePositionPatient": position, "ImageOrientationPatient": orientation, "PixelSpacing": spacing}
    place = {name: None if value is None else [float(part) for part in value] for name, value in place.items()}
    ids = {
        "SOPClassUID": MRImageStorage,
        "StudyInstanceUID": "1.2.3",
        "SeriesInstanceUID": "1.2.3.4",
        "FrameOfReferenceUID": "1.2.3.5",
    }
    return write_radiograph(path, values, bits=16, **{**place, **ids, **header})


def enhanced(shared, frames):
    """Functional groups for :func:`write_slice`; ``shared`` and every frame are ``{group: {tag: value}}``."""
    groups = {
        "SharedFunctionalGroupsSequence": [_group(shared)],
        "PerFrameFunctionalGroupsSequence": [_group(frame) for frame in frames],
    }
    absent = {"position": None, "orientation": None, "spacing": None}
    return {**absent, **groups, "NumberOfFrames": len(frames)}


def _group(macros):
    group = Dataset()
    for name, tags in macros.items():
        item = Dataset()
        for tag, value in tags.items():
            setattr(item, tag, value)
        setattr(group, name, [item])
    return group
