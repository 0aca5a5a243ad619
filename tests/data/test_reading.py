"""Whatever a case may name is read with its affine and its channels first."""

import itk
import nibabel as nib
import numpy as np
import pytest
from monai.transforms import LoadImage

from medssl.data import CaseReader, read_image, write_stored

VALUES = np.arange(2 * 3 * 4, dtype=np.int16).reshape(2, 3, 4)
AFFINE = np.array([[-2.0, 0, 0, 10], [0, -3, 0, 20], [0, 0, 4, -30], [0, 0, 0, 1]])  # ITK's own orientation


@pytest.fixture
def write(tmp_path):
    def kind(suffix):
        path = tmp_path / f"a{suffix}"
        if suffix.startswith(".nii"):
            nib.Nifti1Image(VALUES, AFFINE).to_filename(path)
        elif suffix == ".b2nd":
            write_stored(path, VALUES[None], affine=AFFINE)
        else:
            image = itk.image_from_array(np.ascontiguousarray(VALUES.T))
            image.SetSpacing([2, 3, 4])
            image.SetOrigin([-10, -20, -30])
            itk.imwrite(image, str(path))
        return str(path)

    return kind


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz", ".mhd", ".mha", ".nrrd", ".b2nd"])
def test_every_kind_reads_the_same(write, suffix):
    image, affine = read_image(write(suffix))
    assert np.array_equal(image, VALUES[None])
    assert np.allclose(affine, AFFINE)


def test_plain_loader_agrees(write):
    image = LoadImage(ensure_channel_first=True)(write(".nii"))
    assert np.array_equal(image, LoadImage(reader=CaseReader, ensure_channel_first=True)(write(".mha")))


def test_threads_share_a_reader(write):
    """What is read in one thread is not touched by what another reads before it is used."""
    reader = CaseReader()
    images = {suffix: reader.read(write(suffix)) for suffix in (".nii", ".mha", ".b2nd")}
    for image in images.values():
        values, _ = reader.get_data(image)
        assert np.array_equal(np.squeeze(values), VALUES)


def test_several_files_are_channels(write):
    image, _ = read_image([write(".nii"), write(".nii.gz")])
    assert image.shape == (2, 2, 3, 4)


def test_last_axis_of_a_longer_image_is_the_channel(tmp_path):
    nib.Nifti1Image(np.stack([VALUES, -VALUES], axis=-1), AFFINE).to_filename(tmp_path / "a.nii")
    image, _ = read_image(tmp_path / "a.nii")
    assert np.array_equal(image, np.stack([VALUES, -VALUES]))
