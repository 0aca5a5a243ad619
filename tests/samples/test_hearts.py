from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from medssl.data import find_cases, read_image
from medssl.samples import sample_hearts

TWO = {"patients": 2, "views": ("SAX", "4CH")}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("hearts")
    sample_hearts(path, **TWO)
    return path


def state(folder):
    return {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.rglob("*.*")}


def profile_correlation(one, other):
    """Correlation of two images along their common line, nearest pixels, the definition written out."""
    normals = [np.cross(image.affine[:3, 0], image.affine[:3, 1]) for image in (one, other)]
    normals = [normal / np.linalg.norm(normal) for normal in normals]
    direction = np.cross(*normals)
    offsets = [normal @ image.affine[:3, 3] for normal, image in zip(normals, (one, other), strict=True)]
    start = np.linalg.solve(np.stack([*normals, direction]), [*offsets, 0.0])
    middle = other.affine[:3] @ [59.5, 59.5, 0, 1]
    start = start + (middle - start) @ direction / (direction @ direction) * direction
    points = start + np.arange(-60, 61)[:, None] * direction / np.linalg.norm(direction)
    profiles, inside = [], np.ones(len(points), bool)
    for image in (one, other):
        index = (np.linalg.inv(image.affine) @ np.c_[points, np.ones(len(points))].T)[:2].round().astype(int)
        inside &= ((index >= 0) & (index < np.array(image.shape[:2])[:, None])).all(axis=0)
        profiles.append(
            np.asarray(image.dataobj)[:, :, 0][tuple(index.clip(0, np.array(image.shape[:2])[:, None] - 1))]
        )
    return np.corrcoef(*(profile[inside] for profile in profiles))[0, 1]


def test_each_patient_has_one_study_with_every_view(folder):
    cases = sample_hearts(folder, **TWO)
    assert [(case["patient"], case["study"], case["view"]) for case in cases] == [
        (name, name, view) for name in ("real_00", "virtual_01") for view in ("SAX", "4CH")
    ]
    assert not any("class" in case or "label" in case or "split" in case for case in cases)
    shapes = [nib.load(case["image"]).shape for case in cases]
    assert shapes[1] == shapes[3] == (120, 120, 1)
    assert shapes[0][:2] == (100, 100)
    assert 9 <= shapes[0][2] <= 13


def test_images_hold_numbers_like_those_of_a_scanner(folder):
    for case in sample_hearts(folder, **TWO):
        image = nib.load(case["image"])
        values = np.asarray(image.dataobj)
        assert values.dtype == np.int16
        assert values.min() >= 0
        assert np.percentile(values, 99) > 5 * np.percentile(values, 5)


@pytest.mark.parametrize("source", ["ct", "phantom"])
def test_crossing_views_show_the_same_tissue_along_their_line(tmp_path, source):
    cases = sample_hearts(tmp_path, patients=3, source=source)
    true, mirrored = [], []
    for study in range(3):
        stack, *long = (nib.load(case["image"]) for case in cases[3 * study : 3 * study + 3])
        number = stack.shape[2] // 2
        middle = stack.slicer[:, :, number : number + 1]
        for view in long:
            true.append(profile_correlation(middle, view))
            flipped = nib.Nifti1Image(np.asarray(view.dataobj)[::-1, ::-1].copy(), view.affine)
            mirrored.append(profile_correlation(middle, flipped))
    assert np.mean(true) > 0.75
    assert np.mean(mirrored) < np.mean(true) - 0.3


def test_chambers_are_labels_of_the_stacks(tmp_path):
    cases = sample_hearts(tmp_path, patients=2, chambers=True)
    assert [case["class"] for case in cases] == [0, 0, 0, 1, 1, 1]
    assert [case["view"] for case in cases if "label" in case] == ["SAX", "SAX"]
    shares = []
    for case in cases[::3]:
        image, label = nib.load(case["image"]), nib.load(case["label"])
        assert np.array_equal(image.affine, label.affine)
        values, chambers = np.asarray(image.dataobj), np.asarray(label.dataobj)
        assert np.unique(chambers).tolist() == [0, 1, 2, 3]
        mean = [values[chambers == chamber].mean() for chamber in (1, 2, 3)]
        assert mean[1] < 0.7 * min(mean[0], mean[2])  # blood is bright, the wall dark
        shares.append((chambers == 2).sum() / (chambers >= 2).sum())
    assert shares[1] > shares[0] + 0.1  # the thick wall


def test_series_hold_what_the_files_hold(tmp_path, folder):
    files, series = sample_hearts(folder, **TWO), sample_hearts(tmp_path, **TWO, form="dicom")
    for file, one in zip(files, series, strict=True):
        image, (values, affine) = nib.load(file["image"]), read_image(one["image"])
        assert np.array_equal(np.asarray(values)[0], np.asarray(image.dataobj))
        assert np.asarray(affine) == pytest.approx(image.affine, abs=1e-3)
    before = state(tmp_path)
    assert sample_hearts(tmp_path, **TWO, form="dicom") == series
    assert state(tmp_path) == before


def test_whole_files_are_used_again(folder):
    before = state(folder)
    assert sample_hearts(folder, **TWO | {"patients": 1}) == sample_hearts(folder, **TWO)[:2]
    assert state(folder) == before


def test_cut_file_is_written_again_with_the_same_bytes(folder):
    path = Path(sample_hearts(folder, **TWO)[1]["image"])
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    sample_hearts(folder, **TWO)
    assert path.read_bytes() == whole


def test_last_patients_are_held_out(folder):
    cases = sample_hearts(folder, **TWO, held_out=1)
    assert [case["split"] for case in cases] == ["train", "train", "val", "val"]


def test_heart_left_out_keeps_its_planes(tmp_path):
    words = {"patients": 1, "views": ("4CH",), "source": "phantom"}
    (full,), (empty,) = (sample_hearts(tmp_path / str(heart), **words, heart=heart) for heart in (True, False))
    assert (full["class"], "class" in empty) == (0, False)
    one, two = nib.load(full["image"]), nib.load(empty["image"])
    assert np.array_equal(one.affine, two.affine)
    assert not np.array_equal(np.asarray(one.dataobj), np.asarray(two.dataobj))


def test_decoupled_hearts_lie_elsewhere(tmp_path):
    words = {"patients": 1, "views": ("4CH",), "source": "phantom"}
    affines = [
        nib.load(sample_hearts(tmp_path / str(apart), **words, decoupled=apart)[0]["image"]).affine
        for apart in (False, True)
    ]
    assert np.abs(affines[0] - affines[1]).max() > 1


def test_folder_reads_as_any_dataset(folder):
    found = find_cases(str(folder), keep_ids=True)
    cases = sample_hearts(folder, **TWO)
    assert [{key: case[key] for key in cases[i]} for i, case in enumerate(found)] == cases


def test_two_callers_at_once_agree(tmp_path):
    words = {"patients": 1, "views": ("2CH",)}
    with ThreadPoolExecutor(2) as pool:
        one, two = [pool.submit(sample_hearts, tmp_path, **words) for _ in range(2)]
        assert one.result() == two.result()
    assert len(list(tmp_path.rglob("*.*"))) == 2


@pytest.mark.parametrize(
    ("words", "message"),
    [
        pytest.param({"patients": 0}, "at least 1 patient, and 1 that is not held out, got 0 and 0", id="nobody"),
        pytest.param({"patients": 2, "held_out": 2}, "got 2 and 2", id="all-held-out"),
        pytest.param({"source": "mr"}, r"knows the sources \['ct', 'phantom'\], got 'mr'", id="source"),
        pytest.param({"form": "png"}, r"knows the forms \['nifti', 'dicom'\], got 'png'", id="form"),
        pytest.param({"views": ("SAX", "5CH")}, r"each once, got \['SAX', '5CH'\]", id="view"),
        pytest.param({"views": ("SAX", "SAX")}, "each once", id="view-twice"),
        pytest.param({"views": ()}, "needs some of the views", id="no-view"),
        pytest.param({"decoupled": True}, "needs source='phantom'", id="decoupled-ct"),
        pytest.param({"chambers": True, "heart": False}, "needs a heart, got heart=False", id="chambers-of-no-heart"),
        pytest.param({"chambers": "true"}, "True", id="switch"),
    ],
)
def test_words_that_make_no_sense_are_refused(tmp_path, words, message):
    with pytest.raises((ValueError, TypeError), match=message):
        sample_hearts(tmp_path, **words)
    assert not list(tmp_path.iterdir())
