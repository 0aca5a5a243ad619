"""Images are looked at once, and only what is known of them is kept."""

import json
import logging

import nibabel as nib
import numpy as np
import pytest
from PIL import Image

from medssl.data import content_hash, data_hash, image_facts, plane_facts, usable_cases
from tests.data.dicom_files import write_radiograph


@pytest.fixture
def write(tmp_path):
    """Give a function that writes an image and returns its path."""

    def volume(name, values=None, affine=None, shape=(6, 7, 8)):
        path = tmp_path / "anna" / name
        path.parent.mkdir(exist_ok=True)
        if values is None:
            values = np.random.default_rng(len(name)).integers(-1000, 1000, shape).astype(np.int16)
        affine = np.diag([2.0, 2.0, 5.0, 1.0]) if affine is None else affine
        nib.Nifti1Image(values, affine).to_filename(path)
        return str(path)

    return volume


def test_second_look_reads_only_what_changed(write, tmp_path, monkeypatch):
    cases = [{"image": write(f"{letter * 3}.nii"), "patient": letter} for letter in "abc"]
    manifest, looked = str(tmp_path / "out" / "images.json"), []
    assert usable_cases(cases, manifest=manifest) == cases

    def note(path):
        looked.append(path)
        return image_facts(path)

    monkeypatch.setitem(usable_cases.__globals__, "image_facts", note)
    assert usable_cases(cases, manifest=manifest) == cases
    assert looked == []
    write("bbb.nii", shape=(9, 9, 9))
    usable_cases(cases, manifest=manifest)
    assert looked == [cases[1]["image"]]


def test_manifest_names_neither_file_nor_patient(write, tmp_path):
    path = write("secret.nii")
    usable_cases([{"image": path, "patient": "anna"}], manifest=str(tmp_path / "images.json"))
    text = (tmp_path / "images.json").read_text()
    assert not any(word in text for word in ("secret", "anna", str(tmp_path)))
    (facts,) = json.loads(text)["images"].values()
    assert facts["shape"] == [6, 7, 8]
    assert facts["spacing"] == [2, 2, 5]
    assert facts["sha256"] == content_hash(path)


def test_a_bad_one_is_named_and_counted(write, caplog):
    cases = [{"image": write(name), "patient": name} for name in ("a.nii", "bb.nii", "ccc.nii")]
    with open(cases[1]["image"], "r+b") as stream:
        stream.truncate(400)
    with caplog.at_level(logging.WARNING):
        assert usable_cases(cases) == [cases[0], cases[2]]
    assert "left out bb.nii: cannot be read" in caplog.messages[0]
    assert caplog.messages[-1] == "left out 1 of 3 cases."
    with pytest.raises(ValueError, match="1 of 3 cases are bad, strict allows none"):
        usable_cases(cases, strict=True)


def test_resampled_shape_is_what_counts(write):
    cases = [{"image": write("a.nii"), "patient": "a"}]  # 6, 7, 8 voxels of 2, 2, 5 mm
    assert usable_cases(cases, min_shape=(3, 3, 10), spacing=(4, 4, 4)) == cases
    with pytest.raises(
        ValueError, match=r"shape \[3, 4, 10\] after resampling from \[6, 7, 8\], needed .* \[4, 4, 8\]"
    ):
        usable_cases(cases, min_shape=(4, 4, 8), spacing=(4, 4, 4))


@pytest.mark.parametrize(
    ("row", "column", "by", "problem"),
    [
        pytest.param(0, 3, 0.05, "", id="origin-rounded"),
        pytest.param(0, 3, 3.0, "origins of the affines differ by 3 mm, the axes by 0 voxels", id="origin"),
        pytest.param(1, 1, 0.001, "", id="spacing-rounded"),
        pytest.param(1, 1, 0.1, "differ by 0 mm, the axes by 0.05 voxels", id="spacing"),
        pytest.param(2, 2, -10.0, "copy the image's affine into the label", id="flipped"),
    ],
)
def test_label_lies_where_its_image_lies(write, row, column, by, problem):
    affine = np.diag([2.0, 2.0, 5.0, 1.0])
    affine[row, column] += by
    case = {"image": write("a.nii"), "label": write("seg.nii", affine=affine), "patient": "a"}
    if problem:
        with pytest.raises(ValueError, match=problem):
            usable_cases([case])
    else:
        assert usable_cases([case]) == [case]


def test_what_an_older_manifest_lacks_is_looked_at_again(write, tmp_path):
    case, manifest = {"image": write("a.nii"), "label": write("b.nii"), "patient": "a"}, tmp_path / "images.json"
    usable_cases([case], manifest=str(manifest))
    known = json.loads(manifest.read_text())
    for facts in known["images"].values():
        del facts["affine"]
    manifest.write_text(json.dumps(known))
    assert usable_cases([case], manifest=str(manifest)) == [case]


def test_listed_label_map_is_an_image(write):
    path = write("a.nii", np.ones((3, 3, 3), np.int16))
    assert usable_cases([{"image": path, "patient": "a", "listed": True}]) == [{"image": path, "patient": "a"}]
    with pytest.raises(ValueError, match="looks like a label map"):
        usable_cases([{"image": path, "patient": "a"}])


def test_hash_is_of_images_and_patients(write, tmp_path):
    a, b = write("a.nii"), write("bb.nii")
    apart = [{"image": a, "patient": "x"}, {"image": b, "patient": "y"}]
    renamed = [{"image": b, "patient": "q"}, {"image": a, "patient": "p"}]
    together = [{"image": a, "patient": "x"}, {"image": b, "patient": "x"}]
    assert data_hash(apart) == data_hash(renamed) != data_hash(together)
    manifest = str(tmp_path / "images.json")
    usable_cases(apart, manifest=manifest)
    assert data_hash(apart, manifest) == data_hash(apart)
    write("bb.nii", shape=(3, 3, 3))
    assert data_hash(apart, manifest) == data_hash(apart)


@pytest.fixture
def draw(tmp_path):
    """Give a function that writes a picture of random values up to the given one, and returns its case."""

    def picture(name, shape=(40, 30), largest=256, **more):
        path = tmp_path / "anna" / name
        path.parent.mkdir(exist_ok=True)
        values = np.random.default_rng(len(name)).integers(0, largest, shape)
        Image.fromarray(values.astype(np.uint8 if largest <= 256 else np.uint16)).save(path)
        return {"image": str(path), "patient": name, **more}

    return picture


def test_pictures_are_looked_at_in_order(draw):
    cases = [draw(f"{number}.png") for number in range(12)]
    assert usable_cases(cases, min_shape=(30, 40)) == cases
    with pytest.raises(ValueError, match=r"shape \[30, 40\], needed are at least \[31, 40\] pixels"):
        usable_cases(cases, min_shape=(31, 40))


def test_picture_is_looked_at_again_in_another_window(draw, tmp_path, monkeypatch):
    cases, manifest, windows = [draw("a.png", largest=4096)], str(tmp_path / "images.json"), []

    def note(path, *, window):
        windows.append(window)
        return plane_facts(path, window=window)

    monkeypatch.setitem(usable_cases.__globals__, "plane_facts", note)
    for window in ("auto", "auto", [0, 4095], [0, 4095]):
        assert usable_cases(cases, manifest=manifest, min_shape=(8, 8), window=window) == cases
    assert windows == ["auto", (0, 4095)]
    monkeypatch.undo()
    assert data_hash(cases, manifest) == data_hash(cases)


def test_mask_of_a_radiograph_need_not_know_its_spacing(draw, tmp_path):
    mask = draw("mask.png", largest=3)["image"]
    values = np.random.default_rng(0).integers(0, 4096, (40, 30))
    image = write_radiograph(tmp_path / "a.dcm", values, PixelSpacing=[0.2, 0.2])
    case = {"image": image, "label": mask, "patient": "a"}
    assert usable_cases([case], min_shape=(8, 8)) == [case]
