import numpy as np
import pydicom
import pytest

from medssl.data import find_cases, read_image, read_plane
from medssl.samples import Radiograph, Scan, write_dicom_film, write_dicom_series, write_dicom_view
from medssl.samples.heart_planes import HeartView

AFFINE = np.array([[-2.0, 0, 0, 30], [0, -2, 0, 20], [0, 0, 2, -10], [0, 0, 0, 1]])
IMAGE = (np.arange(6 * 5 * 4).reshape(6, 5, 4) * 25 - 1024).astype(np.int16)
SCAN = Scan(IMAGE, np.zeros(IMAGE.shape, np.uint8), AFFINE)
FILM = Radiograph(np.linspace(-0.3, 1.3, 6 * 5, dtype=np.float32).reshape(6, 5), np.zeros((6, 5), np.uint8), 0.7, [])

TURNED = np.array([[0.6, -1.2, 0, 5], [0.8, 0.9, 0, -7], [0, 0, 8.0, 11], [0, 0, 0, 1]])  # pixels of 1 by 1.5 mm
VIEW = HeartView("SAX", TURNED, (6, 5, 3))
GREY = np.arange(6 * 5 * 3, dtype=np.int16).reshape(6, 5, 3)


def test_slice_says_where_it_is_and_what_it_shows(tmp_path):
    write_dicom_series(tmp_path, SCAN)
    data = pydicom.dcmread(tmp_path / "slice_002.dcm")
    assert data.PatientID == "SAMPLE"
    assert data.Modality == "CT"
    assert list(data.ImagePositionPatient) == [-30, -20, -6]  # to the patient's left, back, head
    assert list(data.PixelSpacing) == [2, 2]
    assert np.array_equal(data.pixel_array.T.astype(int) + int(data.RescaleIntercept), IMAGE[..., 2])


def test_series_is_one_image_equal_to_its_scan(tmp_path):
    write_dicom_series(tmp_path / "series", SCAN)
    (case,) = find_cases(str(tmp_path))
    values, affine = (np.asarray(part) for part in read_image(case["image"]))
    corners = np.array([[0, 0, 0, 1], [5, 4, 3, 1], [5, 0, 3, 1]])
    for corner in corners:
        index = np.linalg.inv(affine) @ AFFINE @ corner
        assert values[(0, *index[:3].round().astype(int))] == IMAGE[tuple(corner[:3])]


def test_identifiers_repeat_and_differ_between_scans(tmp_path):
    other = Scan(IMAGE + np.int16(1), SCAN.label, AFFINE)
    for name, scan in (("a", SCAN), ("b", SCAN), ("c", other)):
        write_dicom_series(tmp_path / name, scan)
    first, same, new = (tmp_path / name / "slice_000.dcm" for name in "abc")
    assert first.read_bytes() == same.read_bytes()
    assert pydicom.dcmread(first).SeriesInstanceUID != pydicom.dcmread(new).SeriesInstanceUID


def test_other_directions_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"axes \('L', 'P', 'S'\), got \('R', 'A', 'S'\)"):
        write_dicom_series(tmp_path, Scan(IMAGE, SCAN.label, np.diag([2.0, 2, 2, 1])))


@pytest.mark.parametrize("inverted", [False, True], ids=["bright-is-high", "dark-is-high"])
def test_film_says_what_it_shows(tmp_path, inverted):
    data = pydicom.dcmread(write_dicom_film(tmp_path / "film.dcm", FILM, inverted=inverted))
    assert (data.PatientID, data.Modality, data.ViewPosition) == ("SAMPLE", "DX", "PA")
    assert (data.BitsAllocated, data.BitsStored, data.HighBit) == (16, 12, 11)
    assert data.PhotometricInterpretation == ("MONOCHROME1" if inverted else "MONOCHROME2")
    assert list(data.ImagerPixelSpacing) == [0.7, 0.7]
    assert list(data.PatientOrientation) == ["L", "F"]
    stored = data.pixel_array.T.astype(int)
    stored = 4095 - stored if inverted else stored
    assert stored[0, 0] == 1024 - round(0.3 * 2047)
    assert stored == pytest.approx(1024 + 2047 * FILM.brightness, abs=0.51)


@pytest.mark.parametrize("inverted", [False, True], ids=["bright-is-high", "dark-is-high"])
def test_film_is_read_as_the_picture_that_it_is(tmp_path, inverted):
    grey, _ = read_plane(write_dicom_film(tmp_path / "film.dcm", FILM, inverted=inverted))
    assert grey[0] == pytest.approx(FILM.picture, abs=1)


def test_same_film_gives_the_same_bytes(tmp_path):
    one, two = (write_dicom_film(tmp_path / name, FILM) for name in ("a.dcm", "b.dcm"))
    assert one.read_bytes() == two.read_bytes()


def write_view(folder, **words):
    return write_dicom_view(folder, GREY, view=VIEW, **{"patient": "P1", "study": "S1"} | words)


def test_view_says_where_it_is_and_what_it_shows(tmp_path):
    write_view(tmp_path)
    data = pydicom.dcmread(tmp_path / "slice_002.dcm")
    assert (data.PatientID, data.Modality, data.SeriesDescription, data.InstanceNumber) == ("P1", "MR", "SAX", 3)
    assert list(data.ImagePositionPatient) == [-5, 7, 27]  # left, back, head
    assert list(data.ImageOrientationPatient) == [-0.6, -0.8, 0, 0.8, -0.6, 0]  # along columns, then rows
    assert list(data.PixelSpacing) == [1.5, 1]  # between rows, between columns
    assert data.SliceThickness == 8
    assert np.array_equal(data.pixel_array.T, GREY[..., 2])


def test_view_is_one_image_with_the_affine_it_was_given(tmp_path):
    write_view(tmp_path / "series")
    (case,) = find_cases(str(tmp_path))
    values, affine = (np.asarray(part) for part in read_image(case["image"]))
    assert np.array_equal(values[0], GREY)
    assert affine == pytest.approx(TURNED, abs=1e-4)


def test_views_share_their_study_and_frame_of_reference_but_no_series(tmp_path):
    write_view(tmp_path / "a")
    write_dicom_view(tmp_path / "b", GREY + np.int16(1), view=VIEW, patient="P1", study="S1")
    write_view(tmp_path / "c", study="S2")
    one, same, other = (pydicom.dcmread(tmp_path / name / "slice_000.dcm") for name in "abc")
    assert one.StudyInstanceUID == same.StudyInstanceUID != other.StudyInstanceUID
    assert one.FrameOfReferenceUID == same.FrameOfReferenceUID != other.FrameOfReferenceUID
    assert one.SeriesInstanceUID != same.SeriesInstanceUID


@pytest.mark.parametrize(
    ("image", "message"),
    [(GREY[..., :2], r"got \(6, 5, 2\) of 0 to 88"), (GREY - np.int16(1), r"got \(6, 5, 3\) of -1 to 88")],
    ids=["shape", "negative"],
)
def test_image_of_another_view_is_refused(tmp_path, image, message):
    with pytest.raises(ValueError, match=message):
        write_dicom_view(tmp_path, image, view=VIEW, patient="P1", study="S1")
