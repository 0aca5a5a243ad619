"""What is finished already."""

import pickle

import nibabel as nib
import numpy as np
import pytest
import torch
from monai.bundle import ConfigParser
from monai.data import MetaTensor
from PIL import Image

from medssl.data import is_whole_nifti, output_name, root_of_cases, unfinished_cases


@pytest.fixture
def cases(tmp_path):
    names = ["a/scan.nii.gz", "b/scan.nii.gz", "c.nii.gz"]
    return [{"image": str(tmp_path / "in" / name)} for name in names]


def save(case, tmp_path):
    first = case["image"] if isinstance(case["image"], str) else case["image"][0]
    image = MetaTensor(torch.ones(1, 2, 3, 4), meta={"filename_or_obj": first})
    config = {
        "_target_": "SaveImaged",
        "keys": "pred",
        "output_dir": str(tmp_path / "out"),
        "output_postfix": "pred",
        "output_dtype": np.uint8,
        "separate_folder": False,
        "data_root_dir": str(tmp_path / "in"),
        "output_name_formatter": {"_target_": "medssl.data.output_name_formatter", "_mode_": "callable"},
        "print_log": False,
    }
    saver = ConfigParser({"saver": config}).get_parsed_content("saver")
    pickle.loads(pickle.dumps(saver))({"pred": image})


def test_what_saveimaged_wrote_is_finished(tmp_path, cases):
    words = {"output_dir": str(tmp_path / "out"), "data_root_dir": str(tmp_path / "in")}
    assert unfinished_cases(cases, **words) == cases
    save(cases[1], tmp_path)
    assert unfinished_cases(cases, **words) == [cases[0], cases[2]]


@pytest.mark.parametrize(
    ("path", "root", "name"),
    [
        pytest.param("/in/p01/ct.nii.gz", "/in", "p01/ct", id="sub-folder"),
        pytest.param("/in/p.1/c t.b.mha", "/in", "p_1/c_t_b", id="odd-characters"),
        pytest.param("/in/1.3.6.1.4.6001.179", "/in/", "1_3_6_1_4_6001_179", id="series-folder"),
        pytest.param("/in/h?series=1.2.3.1", "/in", "h_series_1_2_3_1", id="one-series-of-several"),
        pytest.param("/in/p01/ct.nii.gz", "", "ct", id="no-root"),
        pytest.param("/store/a.b2nd", "/in", "a", id="elsewhere"),
        pytest.param("/in/1.2.3", "/in/1.2.3", "1_2_3", id="root-itself"),
        pytest.param(["/in/p/t1.nii", "/in/p/t2.nii"], "/in", "p/t1", id="several-files"),
    ],
)
def test_name_by_hand(path, root, name):
    assert output_name(path, root) == name


def test_every_case_has_an_output_of_its_own(tmp_path):
    names = ["1.3.6001.179", "1.3.6001.298", "h?series=1.2.3.1", "h?series=1.2.3.2", "a/s.nii.gz", "b/s.nii.gz"]
    cases = [{"image": str(tmp_path / "in" / name)} for name in names]
    cases.append({"image": [str(tmp_path / "in/c/t1.nii"), str(tmp_path / "in/c/t2.nii")]})
    assert root_of_cases(cases, "elsewhere") == str(tmp_path / "in")
    words = {"output_dir": str(tmp_path / "out"), "data_root_dir": str(tmp_path / "in")}
    for done, case in enumerate(cases, 1):
        save(case, tmp_path)
        assert unfinished_cases(cases, **words) == cases[done:]
    assert (tmp_path / "out/h_series_1_2_3_1_pred.nii.gz").is_file()


def test_pictures_have_pictures_for_outputs(tmp_path):
    cases = [{"image": str(tmp_path / name)} for name in ("a.png", "b.dcm", "c.jpg")]
    Image.new("L", (3, 2)).save(tmp_path / "a_pred.png")
    whole = (tmp_path / "a_pred.png").read_bytes()
    (tmp_path / "b_pred.png").write_bytes(whole[:-6])
    words = {"output_dir": str(tmp_path), "data_root_dir": str(tmp_path), "suffix": ".png"}
    assert unfinished_cases(cases, **words) == cases[1:]
    with pytest.raises(ValueError, match=r"one of \['.nii.gz', '.png'\], got '.tiff'"):
        unfinished_cases(cases, output_dir=str(tmp_path), suffix=".tiff")


def test_linked_folders_stay_below_the_outputs(tmp_path):
    (tmp_path / "far/p1").mkdir(parents=True)
    (tmp_path / "in").mkdir()
    (tmp_path / "in/p1").symlink_to(tmp_path / "far/p1")
    cases = [{"image": str(tmp_path / "in/p1/ct.nii")}]
    root = root_of_cases(cases, str(tmp_path / "in"))
    assert output_name(cases[0]["image"], root) == "p1/ct"


def test_two_images_of_one_output_are_an_error(tmp_path):
    cases = [{"image": "/in/a.b.nii"}, {"image": "/in/a_b.nii"}]
    with pytest.raises(ValueError, match="2 images need as many output names, got 1: 'a_b' stands for 2"):
        unfinished_cases(cases, output_dir=str(tmp_path), data_root_dir="/in")


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
