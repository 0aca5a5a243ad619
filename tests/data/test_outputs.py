"""What is finished already."""

import nibabel as nib
import numpy as np
import pytest
import torch
from monai.data import MetaTensor
from monai.transforms import SaveImaged

from medssl.data import is_whole_nifti, root_of_cases, unfinished_cases


@pytest.fixture
def cases(tmp_path):
    names = ["a/scan.nii.gz", "b/scan.nii.gz", "c.nii.gz"]
    return [{"image": str(tmp_path / "in" / name)} for name in names]


def save(case, tmp_path):
    image = MetaTensor(torch.ones(1, 2, 3, 4), meta={"filename_or_obj": case["image"]})
    words = {
        "output_postfix": "pred",
        "separate_folder": False,
        "data_root_dir": str(tmp_path / "in"),
        "print_log": False,
    }
    SaveImaged("pred", output_dir=str(tmp_path / "out"), output_dtype=np.uint8, **words)({"pred": image})


def test_what_saveimaged_wrote_is_finished(tmp_path, cases):
    words = {"output_dir": str(tmp_path / "out"), "data_root_dir": str(tmp_path / "in")}
    assert unfinished_cases(cases, **words) == cases
    save(cases[1], tmp_path)
    assert unfinished_cases(cases, **words) == [cases[0], cases[2]]


@pytest.mark.parametrize("share", [0, 0.5, 0.99])
def test_a_file_that_was_cut_off_is_not_whole(tmp_path, share):
    path = tmp_path / "a.nii.gz"
    nib.save(nib.Nifti1Image(np.random.default_rng(0).integers(0, 99, (9, 9, 9)).astype(np.int16), np.eye(4)), path)
    assert is_whole_nifti(path)
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    assert not is_whole_nifti(path)


def test_nothing_is_not_whole(tmp_path):
    assert not is_whole_nifti(tmp_path / "none.nii.gz")


@pytest.mark.parametrize(("dataset_dir", "root"), [("in", "in"), ("in/a/scan.nii.gz", "in"), ("elsewhere", "in")])
def test_outputs_repeat_the_folders_below_the_root(tmp_path, cases, dataset_dir, root):
    for case in cases:
        (tmp_path / case["image"]).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / case["image"]).touch()
    assert root_of_cases(cases, str(tmp_path / dataset_dir)) == str(tmp_path / root)


def test_a_single_file_is_written_beside_nothing(tmp_path, cases):
    assert root_of_cases(cases[:1], cases[0]["image"]) == str(tmp_path / "in/a")
