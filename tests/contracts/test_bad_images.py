"""Broken images and lists, and the message that each must give before anything is trained on them."""

import json
import logging
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from medssl.data import find_cases, split_cases, usable_cases

AFFINE = np.diag([2.0, 2.0, 3.0, 1.0])


def save(path, values=None, affine=AFFINE):
    if values is None:
        values = np.random.default_rng(len(path.name)).integers(-1000, 1000, (12, 11, 10)).astype(np.int16)
    image = nib.Nifti1Image(values, affine)
    path.parent.mkdir(parents=True, exist_ok=True)
    image.to_filename(path)


def truncate(path, length):
    save(path)
    with path.open("r+b") as stream:
        stream.truncate(length)


def spoil_one(path, value):
    values = np.random.default_rng(0).random((12, 11, 10), dtype=np.float32)
    values[3, 4, 5] = value
    save(path, values)


def flatten(path):
    affine = AFFINE.copy()
    affine[:2, :2] = [[2, 2], [0, 0]]  # two axes of the right length along one line
    save(path, affine=affine)


def label_of_other_shape(path):
    save(path)
    save(path.with_name("bad_seg.nii"), np.ones((12, 11, 9), np.int16))


def label_elsewhere(path):
    save(path)
    affine = AFFINE.copy()
    affine[0, 3] = -40
    save(path.with_name("bad_seg.nii"), np.ones((12, 11, 10), np.int16), affine)


def list_missing(path):
    (path.parent / "dataset.json").write_text(json.dumps(["good.nii", path.name]))


def text_instead(path):
    path.write_text("this is no image")


BAD = [
    pytest.param(text_instead, "cannot be read", id="unreadable"),
    pytest.param(lambda path: truncate(path, 900), "cannot be read", id="truncated"),
    pytest.param(lambda path: truncate(path, 0), "cannot be read", id="empty-file"),
    pytest.param(lambda path: save(path, np.arange(400.0).reshape(20, 20)), "is 2D of shape [20, 20]", id="2d"),
    pytest.param(lambda path: save(path, np.arange(400.0).reshape(20, 20, 1)), "where 3D is needed", id="one-slice"),
    pytest.param(lambda path: spoil_one(path, np.nan), "holds 1 values that are NaN or infinite", id="nan"),
    pytest.param(lambda path: spoil_one(path, np.inf), "holds 1 values that are NaN or infinite", id="infinite"),
    pytest.param(
        lambda path: save(path, np.arange(960.0).reshape(12, 8, 10)),
        "has the shape [12, 8, 10], needed are at least [10, 10, 8] voxels",
        id="smaller-than-the-cube",
    ),
    pytest.param(flatten, "its affine is singular", id="singular-affine"),
    pytest.param(label_of_other_shape, "label has the shape [12, 11, 9], the image [12, 11, 10]", id="label-shape"),
    pytest.param(
        label_elsewhere, "its label lies elsewhere: the origins of the affines differ by 40 mm", id="label-place"
    ),
    pytest.param(list_missing, "there is no file bad.nii", id="listed-but-missing"),
    pytest.param(lambda path: save(path, np.ones((12, 11, 10), np.uint8)), "looks like a label map", id="label-map"),
]


@pytest.fixture
def folder(tmp_path):
    save(tmp_path / "good.nii")
    return tmp_path


def look(folder, **words):
    cases = find_cases(str(folder), patterns={"label": "*_seg.nii"} if (folder / "bad_seg.nii").exists() else None)
    return usable_cases(cases, min_shape=(10, 10, 8), **words)


@pytest.mark.parametrize(("make", "message"), BAD)
def test_one_bad_case_is_named_and_left_out(folder, caplog, make, message):
    make(folder / "bad.nii")
    with caplog.at_level(logging.WARNING, logger="medssl"):
        good = look(folder)
    assert [Path(case["image"]).name for case in good] == ["good.nii"]
    named, count = (record.getMessage() for record in caplog.records if record.name.startswith("medssl"))
    assert named.startswith("left out bad.nii: ")
    assert message in named
    assert str(folder) not in named
    assert count == "left out 1 of 2 cases."


@pytest.mark.parametrize(("make", "message"), BAD)
def test_strict_makes_it_an_error(folder, make, message):
    make(folder / "bad.nii")
    with pytest.raises(ValueError, match="1 of 2 cases are bad, strict allows none") as raised:
        look(folder, strict=True)
    assert message in str(raised.value)


def test_no_case_left_is_an_error(tmp_path):
    text_instead(tmp_path / "bad.nii")
    with pytest.raises(ValueError, match="1 of 1 cases are bad, none is left"):
        look(tmp_path)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        pytest.param(lambda folder: find_cases(str(folder / "empty")), "holds no image that fits", id="empty-folder"),
        pytest.param(lambda folder: find_cases(str(folder / "absent")), "'absent' is none; correct", id="no-folder"),
        pytest.param(
            lambda folder: split_cases(find_cases(str(folder))), "at least 2 patients, got 1", id="one-patient"
        ),
    ],
)
def test_nothing_to_work_with_is_an_error(folder, make, message):
    (folder / "empty").mkdir()
    with pytest.raises(ValueError, match=message):
        make(folder)
