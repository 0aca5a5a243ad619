"""Cases from a store are the cases from their files."""

import pickle

import nibabel as nib
import numpy as np
import pytest
from monai.transforms import LoadImaged

from medssl.data import StoredVolumes, content_hash, open_stored, stored_cases


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


def test_prepared_volumes_need_a_store(cases):
    with pytest.raises(ValueError, match="Prepared volumes need a folder"):
        stored_cases(cases, "none_given", keys=["image"], spacing=2.0)


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


def write_body(path, *, inside=40.0):
    values = np.full((12, 10, 9), -1000, np.float32)
    values[2:11, 3:9, 2:8] = inside
    nib.Nifti1Image(values, np.diag([-3.0, -3.0, 3.0, 1.0])).to_filename(path)
    return {"image": str(path), "patient": path.name}


def test_prepared_volumes_lie_on_one_grid(tmp_path):
    case = write_body(tmp_path / "a.nii")
    words = {"keys": ["image"], "body_hu": -500.0}
    paths = {
        spacing: stored_cases([case], str(tmp_path / "store"), spacing=spacing, **words)[0]["image"]
        for spacing in ("native", 1.5)
    }
    native, fine = (open_stored(path) for path in paths.values())
    assert native.shape == (1, 9, 6, 6)
    assert np.all(native[:] == 40)
    assert np.array_equal(native.vlmeta["affine"], [[-3, 0, 0, -6], [0, -3, 0, -9], [0, 0, 3, 6], [0, 0, 0, 1]])
    assert np.linalg.norm(np.array(fine.vlmeta["affine"])[:3, :3], axis=0).tolist() == [1.5, 1.5, 1.5]
    assert native.vlmeta["source"] == fine.vlmeta["source"] == content_hash(case["image"])
    again = stored_cases([case], str(tmp_path / "store"), spacing=1.5, **words)
    assert again[0]["image"] == paths[1.5]
    assert len(list((tmp_path / "store").iterdir())) == 2


def test_prepared_labels_stay_whole(cases, tmp_path):
    case = stored_cases(cases[:1], str(tmp_path), spacing=1.7)[0]
    assert open_stored(case["image"]).shape == open_stored(case["label"]).shape
    assert set(np.unique(open_stored(case["label"])[:])) == {0, 1, 2}


def test_volume_that_cannot_be_stored_is_named_and_left_out(tmp_path, caplog):
    cases = [write_body(tmp_path / "good.nii"), write_body(tmp_path / "air.nii", inside=-900)]
    words = {"keys": ["image"], "spacing": "native", "body_hu": -500.0}
    assert [case["patient"] for case in stored_cases(cases, str(tmp_path / "store"), **words)] == ["good.nii"]
    assert "left out air.nii: only 0.00% of its voxels lie above -500, needed are 1%" in caplog.text
    with pytest.raises(ValueError, match=r"1 of 2 cases cannot be stored, strict allows none; (?s:.*)air\.nii: only"):
        stored_cases(cases, str(tmp_path / "store"), strict=True, **words)
    with pytest.raises(ValueError, match="1 of 1 cases cannot be stored, none is left"):
        stored_cases(cases[1:], str(tmp_path / "store"), **words)


@pytest.mark.parametrize("words", [{}, {"spacing": 2.0}], ids=["no-spacing", "beside-a-label"])
def test_body_is_cropped_only_of_prepared_images(cases, tmp_path, words):
    with pytest.raises(ValueError, match=r"give a spacing, such as 'native', and keys=\['image'\]; got"):
        stored_cases(cases, str(tmp_path), body_hu=-500.0, **words)


def test_volumes_give_crops_also_after_pickling(cases, tmp_path):
    volumes = StoredVolumes(stored_cases(cases, str(tmp_path / "store")))
    whole = volumes[2]
    volumes = pickle.loads(pickle.dumps(volumes))
    assert len(volumes) == 3
    assert volumes.shape(2) == (12, 10, 10)
    assert np.array_equal(volumes.crop(2, corner=(1, 2, 3), size=(4, 5, 6)), whole[:, 1:5, 2:7, 3:9])
    with pytest.raises(IndexError):
        volumes[3]
