"""What is known of an image is what its file says."""

import nibabel as nib
import numpy as np
import pytest
from PIL import Image

from medssl.data import content_hash, image_facts, plane_facts
from medssl.data.facts import reason
from tests.data.dicom_files import write_radiograph


@pytest.fixture
def write(tmp_path):
    """Give a function that writes a volume and returns its path."""

    def volume(name, values, affine=None):
        nib.Nifti1Image(values, np.eye(4) if affine is None else affine).to_filename(tmp_path / name)
        return str(tmp_path / name)

    return volume


def test_facts_by_hand(write):
    sagittal = np.array([[0, 0, 5.0, 0], [2, 0, 0, 0], [0, -3, 0, 0], [0, 0, 0, 1]])
    path = write("a.nii", np.linspace(-10, 30, 24, dtype=np.float32).reshape(2, 3, 4), sagittal)
    assert image_facts(path) == {
        "sha256": content_hash(path),
        "affine": sagittal.tolist(),
        "grid": [2, 3, 4],
        "shape": [4, 2, 3],
        "spacing": [5, 2, 3],
        "range": [-10, 30],
        "few_values": 0,
    }


@pytest.mark.parametrize(
    ("values", "few"),
    [
        pytest.param(np.arange(60).reshape(3, 4, 5) % 7, 7, id="label-map"),
        pytest.param(np.arange(180).reshape(3, 6, 10), 0, id="many-values"),
        pytest.param((np.arange(60).reshape(3, 4, 5) % 7) / 7, 0, id="not-whole"),
        pytest.param(np.arange(60).reshape(3, 4, 5) % 7 - 3, 0, id="negative"),
    ],
)
def test_few_values(write, values, few):
    assert image_facts(write("a.nii", values.astype(np.float32)))["few_values"] == few


def test_facts_of_a_picture_by_hand(tmp_path):
    values = np.tile(np.arange(0, 200, 2, dtype=np.uint16), (4, 1)) + 1000  # 100 values, 1st and 99th 2 and 196
    path = write_radiograph(tmp_path / "a.dcm", values, PixelSpacing=[0.3, 0.2])
    assert plane_facts(path, window=[1000, 1510]) == {
        "sha256": content_hash(path),
        "affine": np.diag([0.2, 0.3, 1, 1]).tolist(),
        "grid": [100, 4],
        "shape": [100, 4],
        "spacing": [0.2, 0.3],
        "range": [1000, 1198],
        "few_values": 0,
        "contrast": {"(1000.0, 1510.0)": pytest.approx(97, abs=1)},
    }


@pytest.mark.parametrize(("number", "few"), [(3, 3), (32, 32), (33, 0), (120, 0)])
def test_few_greys(tmp_path, number, few):
    Image.fromarray((np.arange(400).reshape(20, 20) % number).astype(np.uint8)).save(tmp_path / "a.png")
    assert plane_facts(str(tmp_path / "a.png"), window="none")["few_values"] == few


def test_reason_is_one_line_without_folders(tmp_path):
    path = str(tmp_path / "anna" / "a.nii")
    error = OSError(f"cannot open {path}\n\n  nor {tmp_path / 'anna'}/b.raw")
    assert reason(error, path) == "cannot open a.nii nor b.raw"
    assert reason(OSError(), path) == "OSError"
