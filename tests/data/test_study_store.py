"""Planes are stored once, small, and found again."""

import json
import os

import nibabel as nib
import numpy as np
import pytest

from medssl.data import StudyStore, data_hash

OBLIQUE = np.array([[0.9, 0.3, 2.0, -40], [-0.3, 0.9, 3.0, 12], [0, 0, -8.0, 77], [0, 0, 0, 1]])


@pytest.fixture
def image(tmp_path):
    """Give a function that writes a stack of two slices over three frames."""

    def write(name="anna.nii.gz", *, factor=1, dtype=np.int16):
        values = np.arange(5 * 4 * 2 * 3).reshape(5, 4, 2, 3)
        nib.save(nib.Nifti1Image((values * factor).astype(dtype), OBLIQUE), tmp_path / name)
        return str(tmp_path / name)

    return write


def stored(folder, *images, **words):
    return list(StudyStore(folder, **words).of_images(images))


def arrays(folder, facts):
    return [np.load(folder / plane["file"]) for plane in facts["planes"]]


@pytest.mark.parametrize(
    ("factor", "dtype", "kept"),
    [
        pytest.param(1, np.int16, np.int16, id="int16"),
        pytest.param(1, np.float64, np.int16, id="whole"),
        pytest.param(0.5, np.float32, np.float32, id="broken"),
        pytest.param(1000, np.int32, np.float32, id="large"),
    ],
)
def test_arrays_hold_the_planes(image, tmp_path, factor, dtype, kept):
    (facts,) = stored(tmp_path / "s", image(factor=factor, dtype=dtype))
    first, second = arrays(tmp_path / "s", facts)
    assert first.dtype == second.dtype == kept
    assert first.shape == (3, 5, 4)
    assert np.array_equal(second[2], factor * (6 * np.arange(20).reshape(5, 4) + 5))
    assert [facts["planes"][1][key] for key in ("size", "frames", "times_ms")] == [[5, 4], 3, []]
    assert np.allclose(facts["planes"][1]["affine"] @ np.array([1, 1, 0, 1]), OBLIQUE @ [1, 1, 1, 1], atol=1e-4)
    json.dumps(facts)


def test_stored_once_and_again_where_something_changed(image, tmp_path):
    path = image()
    (facts,) = stored(tmp_path / "s", path)
    files = [tmp_path / "s" / plane["file"] for plane in facts["planes"]]
    times = [file.stat().st_mtime_ns for file in files]
    assert stored(tmp_path / "s", path) == [facts]
    os.remove(files[0])  # as if it had been cut off there
    assert stored(tmp_path / "s", path) == [facts]
    assert files[0].is_file()
    assert files[1].stat().st_mtime_ns == times[1]
    (changed,) = stored(tmp_path / "s", image(factor=2))
    (fewer,) = stored(tmp_path / "s", path, frames="first")
    names = {plane["file"] for one in (facts, changed, fewer) for plane in one["planes"]}
    assert len(names) == 6
    assert [array.shape for array in arrays(tmp_path / "s", fewer)] == [(1, 5, 4)] * 2


def test_copies_share_their_planes(image, tmp_path):
    first, second = stored(tmp_path / "s", image(), image("otto.nii.gz"))
    assert first == second


def test_what_cannot_be_read_is_said_and_looked_at_again(image, tmp_path):
    (tmp_path / "torn.nii.gz").write_bytes(b"no image")
    torn, good, gone = stored(tmp_path / "s", str(tmp_path / "torn.nii.gz"), image(), str(tmp_path / "gone.nii.gz"))
    assert "cannot be read" in torn["problem"]
    assert "there is no file gone.nii.gz" in gone["problem"]
    assert "planes" in good
    assert str(tmp_path) not in torn["problem"] + gone["problem"]
    assert "planes" in stored(tmp_path / "s", image("torn.nii.gz"))[0]


def test_the_manifest_spares_reading_and_names_nobody(image, tmp_path):
    cases = [{"image": image("anna.nii.gz"), "patient": "a"}, {"image": image("otto.nii.gz", factor=2), "patient": "o"}]
    stored(tmp_path / "s", *(case["image"] for case in cases))
    manifest = tmp_path / "s" / "sources.json"
    assert data_hash(cases, str(manifest)) == data_hash(cases)
    text = manifest.read_text()
    assert not any(word in text for word in ("anna", "otto", str(tmp_path)))
    changed = json.loads(text)
    for number, facts in enumerate(changed["images"].values()):
        facts["sha256"] = str(number)
    manifest.write_text(json.dumps(changed))
    assert data_hash(cases, str(manifest)) != data_hash(cases)  # so it was really taken from there
