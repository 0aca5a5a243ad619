"""Cases from a store are the cases from their files."""

import pickle

import nibabel as nib
import numpy as np
import pytest
from monai.transforms import LoadImaged

from medssl.data import StoredVolumes, stored_cases


@pytest.fixture
def cases(tmp_path):
    made = []
    for number in range(3):
        draws = np.random.default_rng(number)
        case = {"patient": f"p{number}"}
        for key, high in (("image", 3000), ("label", 3)):
            path = tmp_path / "files" / f"{key}{number}.nii.gz"
            path.parent.mkdir(exist_ok=True)
            values = draws.integers(0, high, (12, 10, 8 + number)).astype(np.int16)
            nib.Nifti1Image(values, np.diag([2.0, 2.0, 3.0, 1.0])).to_filename(path)
            case[key] = str(path)
        made.append(case)
    return made


def load(case):
    return LoadImaged(["image", "label"], reader="medssl.data.CaseReader", ensure_channel_first=True)(case)


def test_stored_cases_read_the_same(cases, tmp_path):
    for case, stored in zip(cases, stored_cases(cases, str(tmp_path / "store")), strict=True):
        assert stored["image"].endswith(".b2nd")
        assert stored["patient"] == case["patient"]
        plain, fast = load(case), load(stored)
        for key in ("image", "label"):
            assert np.array_equal(plain[key], fast[key])
            assert np.allclose(plain[key].affine, fast[key].affine)


def test_word_for_nothing_leaves_the_cases(cases):
    assert stored_cases(cases, "none_given") == cases


def test_building_continues_where_it_was_cut_off(cases, tmp_path, monkeypatch):
    store, written = tmp_path / "store", []
    stored_cases(cases[:2], str(store))
    before = {path.name: path.stat().st_mtime_ns for path in store.iterdir()}
    (store / "half.99.part.b2nd").write_bytes(b"cut off")

    def note(source):
        written.append(source)
        return original(source)

    original = stored_cases.__globals__["read_image"]
    monkeypatch.setitem(stored_cases.__globals__, "read_image", note)
    stored_cases(cases, str(store))
    assert written == [cases[2]["image"], cases[2]["label"]]
    assert {name: (store / name).stat().st_mtime_ns for name in before} == before


def test_changed_image_is_stored_anew(cases, tmp_path):
    first = stored_cases(cases[:1], str(tmp_path / "store"))
    nib.Nifti1Image(np.ones((12, 10, 8), np.int16), np.eye(4)).to_filename(cases[0]["image"])
    second = stored_cases(cases[:1], str(tmp_path / "store"))
    assert first[0]["image"] != second[0]["image"]
    assert np.all(StoredVolumes(second)[0] == 1)


def test_volumes_give_crops_also_after_pickling(cases, tmp_path):
    volumes = StoredVolumes(stored_cases(cases, str(tmp_path / "store")))
    whole = volumes[2]
    volumes = pickle.loads(pickle.dumps(volumes))
    assert len(volumes) == 3
    assert volumes.shape(2) == (12, 10, 10)
    assert np.array_equal(volumes.crop(2, corner=(1, 2, 3), size=(4, 5, 6)), whole[:, 1:5, 2:7, 3:9])
    with pytest.raises(IndexError):
        volumes[3]
