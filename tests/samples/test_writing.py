import nibabel as nib
import numpy as np
import pytest
from PIL import Image

from medssl.samples.writing import read_cases, write_cases, write_nifti, write_png

ARRAY = np.arange(24, dtype=np.int16).reshape(2, 3, 4)
AFFINE = np.array([[-2.0, 0, 0, 5], [0, -2, 0, 6], [0, 0, 2, 7], [0, 0, 0, 1]])


def test_nifti_comes_back_and_repeats_byte_for_byte(tmp_path):
    one, two = (write_nifti(tmp_path / name, ARRAY, affine=AFFINE) for name in ("a.nii.gz", "b.nii.gz"))
    image = nib.load(one)
    assert np.array_equal(np.asarray(image.dataobj), ARRAY)
    assert np.array_equal(image.get_qform(), AFFINE)
    assert image.header.get_xyzt_units()[0] == "mm"
    assert one.read_bytes() == two.read_bytes()


def test_meaning_of_the_values_is_written(tmp_path):
    path = write_nifti(tmp_path / "a.nii.gz", np.zeros((2, 3, 4, 1, 3), np.float32), affine=AFFINE, intent="vector")
    assert nib.load(path).header.get_intent()[0] == "vector"
    assert nib.load(write_nifti(path, ARRAY, affine=AFFINE)).header.get_intent()[0] == "none"


def test_png_runs_left_to_right_then_down_and_repeats_byte_for_byte(tmp_path):
    picture = np.array([[0, 50, 100], [150, 200, 250]], np.uint8)  # (x, y)
    one, two = (write_png(tmp_path / name, picture) for name in ("a.png", "b.png"))
    with Image.open(one) as shown:
        assert (shown.size, shown.mode) == ((2, 3), "L")
        assert shown.getpixel((1, 2)) == 250
        assert shown.getpixel((0, 1)) == 50
    assert one.read_bytes() == two.read_bytes()


@pytest.mark.parametrize("keep", [None, 0, 10, -1], ids=["gone", "empty", "head", "last-byte-missing"])
def test_list_of_pictures_is_read_only_while_they_are_whole(tmp_path, keep):
    path = write_png(tmp_path / "a.png", np.zeros((4, 4), np.uint8))
    cases = write_cases(tmp_path, [{"image": "a.png", "boxes": []}], settings={})
    assert read_cases(tmp_path, {}) == cases
    whole = path.read_bytes()
    path.unlink() if keep is None else path.write_bytes(whole[:keep])
    assert read_cases(tmp_path, {}) == []


def test_list_is_read_only_while_settings_and_files_fit(tmp_path):
    write_nifti(tmp_path / "a.nii.gz", ARRAY, affine=AFFINE)
    cases = write_cases(tmp_path, [{"image": "a.nii.gz", "patient": "p"}], settings={"seed": 0})
    assert cases == [{"image": str(tmp_path / "a.nii.gz"), "patient": "p"}]
    assert read_cases(tmp_path, {"seed": 0}) == cases
    assert read_cases(tmp_path, {"seed": 1}) == []
    (tmp_path / "a.nii.gz").write_bytes((tmp_path / "a.nii.gz").read_bytes()[:-9])
    assert read_cases(tmp_path, {"seed": 0}) == []
    assert read_cases(tmp_path / "nowhere", {}) == []


@pytest.mark.parametrize("content", ['{"name": "my own images", "cases": []}', "[]"], ids=["other", "list"])
def test_list_of_other_images_is_never_overwritten(tmp_path, content):
    (tmp_path / "dataset.json").write_text(content)
    with pytest.raises(ValueError, match=r"has a dataset\.json of other images; name an empty or a new folder"):
        read_cases(tmp_path, {})


def test_list_of_series_is_read_while_they_are_there(tmp_path):
    series = tmp_path / "series"
    series.mkdir()
    cases = write_cases(tmp_path, [{"image": "series"}], settings={})
    assert read_cases(tmp_path, {}) == cases
    series.rmdir()
    assert read_cases(tmp_path, {}) == []
