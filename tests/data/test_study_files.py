"""Planes hold the pixels of their files and lie where these say."""

import itk
import nibabel as nib
import numpy as np
import pydicom
import pytest
from monai.data import ITKReader

from medssl.data import read_planes, series_description
from medssl.geometry import normal
from tests.data.dicom_files import enhanced, write_slice

OBLIQUE = np.array([[0.9, 0.3, 2.0, -40], [-0.3, 0.9, 3.0, 12], [0, 0, -8.0, 77], [0, 0, 0, 1]])


def volume(*shape):
    return np.arange(np.prod(shape), dtype=np.int16).reshape(shape)


@pytest.fixture
def nifti(tmp_path):
    """Give a function that writes a NIfTI and returns its path."""

    def write(values, affine=OBLIQUE, **header):
        image = nib.Nifti1Image(values, affine)
        for name, value in header.items():
            image.header[name] = value
        nib.save(image, tmp_path / "a.nii.gz")
        return str(tmp_path / "a.nii.gz")

    return write


@pytest.mark.parametrize("shape", [(5, 4), (5, 4, 1), (5, 4, 3), (5, 4, 3, 2), (5, 4, 3, 2, 1)], ids=str)
def test_nifti_of_every_shape(nifti, shape):
    """Pixel (u, v) of slice k at time t has the value of voxel (u, v, k, t), and lies where it lies."""
    values = volume(*shape)
    image = read_planes(nifti(values))
    full = values.reshape([*shape, 1, 1][:4] if len(shape) < 5 else shape[:4])
    assert image.placed
    assert len(image.planes) == full.shape[2]
    for k, plane in enumerate(image.planes):
        assert np.array_equal(plane.values, np.moveaxis(full[:, :, k], 2, 0))
        assert np.abs(plane.affine @ [4, 3, 0, 1] - OBLIQUE @ [4, 3, k, 1]).max() < 1e-4  # NIfTI keeps float32
        assert np.abs(plane.affine[:3, 2] / np.linalg.norm(OBLIQUE[:3, 2]) - normal(OBLIQUE).numpy()).max() < 1e-5


def test_an_affine_can_lie(nifti):
    """Files that say nothing of where they lie are read, and marked so."""
    unit = np.diag([-1.0, -1, 1, 1])
    sizes = {"pixdim": [1, 1.5, 1.5, 8, 1, 1, 1, 1]}
    for affine, header, expected in [
        (np.eye(4), {}, [1, 1, 1]),
        (unit, {}, [1, 1, 1]),
        (unit, sizes, [1.5, 1.5, 8]),  # as ACDC: the size of voxels outlives the affine
        (None, sizes, [1.5, 1.5, 8]),
    ]:
        image = read_planes(nifti(volume(5, 4, 2), affine, **header))
        assert not image.placed
        assert np.allclose(np.diag(image.planes[0].affine)[:3], expected)
    moved = np.eye(4)
    moved[0, 3] = 3
    assert read_planes(nifti(volume(5, 4, 2), moved)).placed


def test_times_where_the_file_has_a_unit(nifti):
    path = nifti(volume(5, 4, 1, 3), pixdim=[1, 1, 1, 1, 0.04, 1, 1, 1], xyzt_units=2 + 8)  # mm, s
    assert np.allclose(read_planes(path).planes[0].times_ms, [0, 40, 80])
    assert np.allclose(read_planes(path, frames=[2, 0]).planes[0].times_ms, [80, 0])
    assert read_planes(nifti(volume(5, 4, 1, 3))).planes[0].times_ms == ()


def test_frames_are_chosen(nifti):
    path = nifti(volume(5, 4, 2, 3))
    every, first, last = (read_planes(path, frames=frames).planes[1].values for frames in ("all", "first", [-1]))
    assert np.array_equal(first, every[:1])
    assert np.array_equal(last, every[2:])


@pytest.mark.parametrize(
    ("values", "affine", "message"),
    [
        pytest.param(volume(5, 4, 2, 2, 2), OBLIQUE, r"has the shape \[5, 4, 2, 2, 2\] of int16; needed", id="5D"),
        pytest.param(volume(5, 1, 4), OBLIQUE, r"has the shape \[5, 1, 4\]", id="flat-the-other-way"),
        pytest.param(np.full((5, 4, 2), np.nan), OBLIQUE, "holds 40 values that are NaN or infinite", id="nan"),
        pytest.param(volume(5, 4, 2), OBLIQUE + np.eye(4, k=1) * 0.2, "meet at .* needed are 90", id="sheared"),
    ],
)
def test_bad_nifti(nifti, values, affine, message):
    with pytest.raises(ValueError, match=f"^a.nii.gz {message}" if "has" in message else message):
        read_planes(nifti(values, affine))


def test_slices_may_be_shifted_against_each_other(nifti):
    """A skewed third axis moves slices within their planes; the planes are as good as any."""
    skewed = np.array([[1.0, 0, 3, 5], [0, 1, 0, 6], [0, 0, 4, 7], [0, 0, 0, 1]])
    second = read_planes(nifti(volume(5, 4, 2), skewed)).planes[1]
    assert second.affine.tolist() == [[1, 0, 0, 8], [0, 1, 0, 6], [0, 0, 5, 11], [0, 0, 0, 1]]


def test_other_volumes_through_itk(tmp_path):
    affine = np.array([[2.0, 0, 0, 3], [0, 1, 0, 4], [0, 0, 5, 6], [0, 0, 0, 1]])
    image = itk.image_from_array(np.ascontiguousarray(volume(5, 4, 3).T))
    image.SetSpacing([2.0, 1.0, 5.0])
    image.SetOrigin([-3.0, -4.0, 6.0])
    image.SetDirection(np.diag([-1.0, -1, 1]))  # LPS
    itk.imwrite(image, str(tmp_path / "a.mha"))
    planes = read_planes(tmp_path / "a.mha").planes
    assert np.array_equal(np.stack([plane.values[0] for plane in planes], -1), volume(5, 4, 3))
    assert np.abs(planes[2].affine @ [1, 1, 0, 1] - affine @ [1, 1, 2, 1]).max() < 1e-9


ORIENTATION = (0.6, 0.8, 0, 0, 0, -1)  # exact in four digits


def test_dicom_slice_agrees_with_itk(tmp_path):
    """An independent reader finds the same pixels at the same place in RAS, with pixels that are not square."""
    path = write_slice(tmp_path / "a.dcm", volume(3, 4), position=(1, 2, 3), orientation=ORIENTATION, spacing=(2, 1.5))
    (plane,) = read_planes(path).planes
    reader = ITKReader()
    values, meta = reader.get_data(reader.read(path))
    assert np.array_equal(plane.values[0], np.squeeze(values))
    for pixel in ([0, 0], [3, 0], [0, 2]):
        assert np.abs(plane.affine @ [*pixel, 0, 1] - np.asarray(meta["affine"]) @ [*pixel, 0, 1]).max() < 1e-6


def test_cine_stack_in_one_series(tmp_path):
    """Frames of each slice in the order of time, whatever the names of the files."""
    for number, (place, time) in enumerate([(8, 40), (0, 40), (8, 0), (0, 0)]):
        values = np.full((3, 4), place + time)
        name = tmp_path / "series" / f"{number}.dcm"
        write_slice(name, values, position=(0, 0, place), TriggerTime=time, InstanceNumber=1, SeriesDescription="cine")
    planes = sorted(read_planes(tmp_path / "series").planes, key=lambda plane: plane.affine[2, 3])
    assert [plane.values.shape for plane in planes] == [(2, 4, 3)] * 2
    assert [plane.values[:, 0, 0].tolist() for plane in planes] == [[0, 40], [8, 48]]
    assert [plane.times_ms for plane in planes] == [(0, 40)] * 2
    assert series_description(tmp_path / "series") == "cine"


def test_enhanced_file_of_several_frames(tmp_path):
    shared = {
        "PixelMeasuresSequence": {"PixelSpacing": [2, 1]},
        "PlaneOrientationSequence": {"ImageOrientationPatient": [1, 0, 0, 0, 1, 0]},
        "PixelValueTransformationSequence": {"RescaleSlope": 2, "RescaleIntercept": -5},
    }
    own = [{"PlanePositionSequence": {"ImagePositionPatient": [0, 0, 9 * place]}} for place in range(3)]
    values = volume(3, 2, 4)  # frames, rows, columns
    path = write_slice(tmp_path / "a.dcm", values, **enhanced(shared, own), Rows=2, Columns=4)
    image = read_planes(path)
    assert [plane.affine[2, 3] for plane in image.planes] == [0, 9, 18]
    assert np.array_equal(np.concatenate([plane.values for plane in image.planes]), 2 * values.transpose(0, 2, 1) - 5)


def test_values_are_rescaled_by_the_header(tmp_path):
    path = write_slice(tmp_path / "a.dcm", volume(3, 4), RescaleSlope=2, RescaleIntercept=-10)
    assert np.array_equal(read_planes(path).planes[0].values[0], 2 * volume(3, 4).T - 10)


def test_copies_of_a_file_count_once(tmp_path):
    data = pydicom.dcmread(write_slice(tmp_path / "s" / "a.dcm", volume(3, 4)))
    data.save_as(tmp_path / "s" / "b.dcm")
    assert [plane.values.shape for plane in read_planes(tmp_path / "s").planes] == [(1, 4, 3)]


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        pytest.param({"PatientID": "a"}, {"PatientID": "b"}, "mixes 2 patients in one series", id="patients"),
        pytest.param({}, {"FrameOfReferenceUID": "9.9"}, "mixes 2 frames of reference in one series", id="spaces"),
        pytest.param({}, {"StudyInstanceUID": "9.9"}, "mixes 2 studies in one series", id="studies"),
        pytest.param({}, {"position": None}, "b.dcm has no ImagePositionPatient", id="no-position"),
    ],
)
def test_bad_series(tmp_path, first, second, message):
    write_slice(tmp_path / "s" / "a.dcm", volume(3, 4), **first)
    write_slice(tmp_path / "s" / "b.dcm", volume(3, 4), **{"position": (0, 0, 5), **second})
    with pytest.raises(ValueError, match=message):
        read_planes(tmp_path / "s")


@pytest.mark.parametrize("words", [{"PixelData": None}, {"SamplesPerPixel": 3}], ids=["no-pixels", "colours"])
def test_planes_are_grey(tmp_path, words):
    path = write_slice(tmp_path / "a.dcm", volume(3, 4), **words)
    with pytest.raises(ValueError, match=r"a.dcm holds no grey values; export the images"):
        read_planes(path)


@pytest.mark.parametrize(("origin", "placed"), [((0, 0, 0), False), ((5, 0, 0), True)])
def test_other_volumes_may_have_lost_their_place_too(tmp_path, origin, placed):
    image = itk.image_from_array(np.ones((2, 4, 5), dtype=np.int16))
    image.SetOrigin(origin)
    itk.imwrite(image, str(tmp_path / "a.mha"))
    assert read_planes(tmp_path / "a.mha").placed is placed
