"""Slices are gathered to series, in their order, with their patient."""

import nibabel as nib
import numpy as np
import pydicom
import pytest
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

from medssl.data import dicom_patient, find_cases, image_files, is_dicom, read_image, series_files, series_in
from tests.data.dicom_files import write_radiograph


def write_slice(path, uid, number, patient="anna"):
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.TransferSyntaxUID = CTImageStorage, ExplicitVRLittleEndian
    meta.MediaStorageSOPInstanceUID = generate_uid()
    data = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
    data.SOPClassUID, data.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    data.SeriesInstanceUID, data.StudyInstanceUID, data.PatientID = uid, "1.2.3", patient
    data.Modality, data.InstanceNumber = "CT", number + 1
    data.Rows, data.Columns, data.SamplesPerPixel, data.PhotometricInterpretation = 4, 5, 1, "MONOCHROME2"
    data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 16, 16, 15, 1
    data.RescaleSlope, data.RescaleIntercept = 1, -1024
    data.PixelSpacing, data.SliceThickness = [2, 2], 3
    data.ImagePositionPatient, data.ImageOrientationPatient = [0, 0, 3 * number], [1, 0, 0, 0, 1, 0]
    data.PixelData = np.full((4, 5), number, dtype=np.int16).tobytes()
    pydicom.dcmwrite(path, data)


@pytest.fixture
def study(tmp_path):
    """A folder of two series, and one of a single series whose files have no suffix."""
    for number in (2, 0, 1):
        (tmp_path / "two").mkdir(exist_ok=True)
        write_slice(tmp_path / "two" / f"a{number}.dcm", "1.2.3.4", number)
        write_slice(tmp_path / "two" / f"b{number}.dcm", "1.2.3.5", 9 - number)
        (tmp_path / "one").mkdir(exist_ok=True)
        write_slice(tmp_path / "one" / f"I{2 - number}", "1.2.3.6", number, patient="bert")
    (tmp_path / "one" / "README").write_text("not a slice")
    return tmp_path


def test_slices_are_told_from_other_files(study):
    assert is_dicom(study / "one" / "I0")
    assert is_dicom(study / "two" / "a0.dcm")
    assert not is_dicom(study / "one" / "README")


def test_series_of_a_folder(study):
    assert series_in(study, "one") == ["one"]
    assert series_in(study, "two") == ["two?series=1.2.3.4", "two?series=1.2.3.5"]


def test_slices_run_from_one_end_to_the_other(study):
    assert [path.name for path in series_files(str(study / "one"))] == ["I2", "I1", "I0"]
    assert [path.name for path in series_files(f"{study}/two?series=1.2.3.5")] == ["b2.dcm", "b1.dcm", "b0.dcm"]
    assert series_files(str(study / "absent.nii")) == []
    assert len(image_files(f"{study}/two?series=1.2.3.4")) == 3


def test_one_of_several_series_must_be_named(study):
    with pytest.raises(ValueError, match="two holds 2 DICOM series; name one"):
        series_files(str(study / "two"))


def test_cases_are_series_with_their_patient(study):
    nib.Nifti1Image(np.zeros((2, 2, 2)), np.eye(4)).to_filename(study / "carl.nii")
    cases = find_cases(str(study), keep_ids=True)
    assert [case["patient"] for case in cases] == ["carl", "bert", "anna", "anna"]
    assert dicom_patient(str(study / "carl.nii")) == ""
    assert [case["patient"] for case in find_cases(str(study), patterns={"image": "*.dcm"}, keep_ids=True)] == [
        "anna"
    ] * 2


def test_series_is_read_in_hounsfield_units(study):
    image, affine = read_image(f"{study}/two?series=1.2.3.5")
    assert image.shape == (1, 5, 4, 3)
    assert image[0, 0, 0].tolist() == [7 - 1024, 8 - 1024, 9 - 1024]
    assert np.allclose(np.abs(np.diag(affine)), [2, 2, 3, 1])
    assert affine[2, 3] == 21


def test_a_single_file_has_its_patient(tmp_path):
    assert dicom_patient(write_radiograph(tmp_path / "a", np.zeros((3, 4)), PatientID=" bert ")) == "bert"
    assert dicom_patient(write_radiograph(tmp_path / "b.dcm", np.zeros((3, 4)), PatientID=None)) == ""
