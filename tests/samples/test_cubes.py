from collections import Counter

import nibabel as nib
import numpy as np
import pytest

from medssl.samples import ORGANS, sample_cases, sample_cubes
from medssl.samples.cubes import choose_corners

SHAPE = (16, 16, 8)
HEART = ORGANS.index("heart") + 1


@pytest.fixture(scope="module")
def patients(tmp_path_factory):
    return sample_cases(tmp_path_factory.mktemp("patients"), patients=2, spacing=8.0)


@pytest.fixture(scope="module")
def cubes(patients, tmp_path_factory):
    folder = tmp_path_factory.mktemp("cubes")
    return folder, sample_cubes(folder, patients, pairs=4, shape=SHAPE)


def read(path):
    return np.asarray(nib.load(path).dataobj)


def test_classes_and_patients_are_balanced(cubes):
    assert Counter((cube["patient"], cube["class"]) for cube in cubes[1]) == dict.fromkeys(
        [(patient, category) for patient in ("real_00", "virtual_01") for category in (0, 1)], 4
    )


def test_cube_shows_what_its_class_and_affine_say(cubes, patients):
    scans = {case["patient"]: case for case in patients}
    for cube in cubes[1]:
        image, whole = nib.load(cube["image"]), nib.load(scans[cube["patient"]]["image"])
        steps = np.linalg.inv(whole.affine) @ image.affine
        corner = steps[:3, 3].round().astype(int)
        box = tuple(slice(start, start + n) for start, n in zip(corner, SHAPE, strict=True))
        assert np.array_equal(np.asarray(image.dataobj), np.asarray(whole.dataobj)[box])
        centre = read(scans[cube["patient"]]["label"])[tuple(corner + np.array(SHAPE) // 2)]
        assert centre > 0
        assert (centre == HEART) == cube["class"]


def test_pairs_are_equally_bright(cubes):
    means = np.array([read(cube["image"]).mean() for cube in cubes[1]])
    assert np.abs(means[0::2] - means[1::2]).mean() < 60


def test_whole_cubes_are_used_again(cubes, patients):
    folder, cases = cubes
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*.*")}
    assert sample_cubes(folder, patients, pairs=4, shape=SHAPE) == cases
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*.*")} == before


def test_cubes_of_changed_patients_are_cut_again(tmp_path):
    old, new = (
        [read(cube["image"]) for cube in sample_cubes(tmp_path / "cubes", cases, pairs=1, shape=(8, 8, 8))]
        for cases in (sample_cases(tmp_path / "patients", patients=1, spacing=size) for size in (8.0, 10.0))
    )
    assert not all(np.array_equal(one, two) for one, two in zip(old, new, strict=True))


def test_nearest_brightness_is_chosen():
    image, label = np.zeros((60, 4, 4)), np.zeros((60, 4, 4), np.uint8)
    image[:10], image[40:] = 100.0, 90.0
    label[5], label[30], label[50] = HEART, 3, 3
    (heart, one), (other, none) = choose_corners(
        image, label, pairs=1, shape=(4, 4, 4), generator=np.random.default_rng(0)
    )
    assert (heart[0] + 2, one, other[0] + 2, none) == (5, 1, 50, 0)


def test_patient_smaller_than_a_cube_is_refused(patients, tmp_path):
    with pytest.raises(ValueError, match=r"cube of \(64, 64, 32\) voxels needs a larger image, got \(45, 35, 42\)"):
        sample_cubes(tmp_path, patients)
