import multiprocessing
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from medssl.data import find_cases, read_displacement
from medssl.samples import chest_ct, known_displacement, sample_cases, virtual_patient
from medssl.samples.cases import sample_patient

SMALL = {"patients": 2, "spacing": 8.0}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("samples")
    sample_cases(path, **SMALL)
    return path


def state(folder):
    return {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.rglob("*.*")}


def test_first_patient_is_the_real_ct(folder):
    first, second = sample_cases(folder, **SMALL)
    assert (first["patient"], second["patient"]) == ("real_00", "virtual_01")
    expected = chest_ct().resampled(8.0)
    image, label = (nib.load(first[key]) for key in ("image", "label"))
    assert np.array_equal(np.asarray(image.dataobj), expected.image)
    assert np.array_equal(np.asarray(label.dataobj), expected.label)
    assert image.affine == pytest.approx(expected.affine)
    assert Path(second["image"]).is_absolute()


def test_patients_are_the_ct_and_warps_of_it():
    name, scan = sample_patient(0)
    assert name == "real_00"
    assert np.array_equal(scan.image, chest_ct().image)
    name, scan = sample_patient(3, spacing=8.0, seed=5)
    assert name == "virtual_03"
    assert np.array_equal(scan.image, virtual_patient((5, 3), spacing=8.0).image)


def test_whole_files_are_used_again(folder):
    before = state(folder)
    assert sample_cases(folder, patients=1, spacing=8.0) == sample_cases(folder, **SMALL)[:1]
    assert state(folder) == before


def test_cut_file_is_written_again_with_the_same_bytes(folder):
    path = Path(sample_cases(folder, **SMALL)[1]["label"])
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    sample_cases(folder, **SMALL)
    assert path.read_bytes() == whole


def test_other_settings_replace_the_patients(tmp_path):
    old = Path(sample_cases(tmp_path, **SMALL)[1]["image"]).read_bytes()
    new = Path(sample_cases(tmp_path, **SMALL, seed=1)[1]["image"]).read_bytes()
    assert old != new


def test_folder_reads_as_any_dataset(folder):
    cases = find_cases(str(folder), keep_ids=True)
    assert [case["image"] for case in cases] == [case["image"] for case in sample_cases(folder, **SMALL)]
    assert all("label" in case for case in cases)


def test_two_processes_at_once_agree(tmp_path):
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        one, two = [pool.apply_async(sample_cases, (tmp_path,), SMALL) for _ in range(2)]
        assert one.get(300) == two.get(300)
    assert not list(tmp_path.rglob("*.tmp"))


def test_displacements_are_those_of_the_patients(tmp_path):
    cases = sample_cases(tmp_path, **SMALL, displacements=True)
    for number, case in enumerate(cases):
        known, expected = read_displacement(case["displacement"]), known_displacement(sample_patient(number)[1])
        np.testing.assert_allclose(known.affine, known_displacement(sample_patient(number, spacing=8.0)[1]).affine)
        points = np.random.default_rng(0).uniform((-140, -120, -330), (140, 100, -20), size=(500, 3))
        found, there = known.to_reference(points), expected.to_reference(points)
        both = np.isfinite(found[:, 0]) & np.isfinite(there[:, 0])
        assert both.mean() > 0.5
        assert np.abs(found - there)[both].max() < 0.5
    before = state(tmp_path)
    assert sample_cases(tmp_path, **SMALL, displacements=True) == cases
    assert state(tmp_path) == before
    listed = find_cases(str(tmp_path), keep_ids=True)
    assert [case["displacement"] for case in listed] == [case["displacement"] for case in cases]


def test_files_are_the_same_with_displacements_and_without(folder, tmp_path):
    sample_cases(tmp_path, **SMALL, displacements=True)
    for path in (folder / "images").iterdir():
        assert (tmp_path / "images" / path.name).read_bytes() == path.read_bytes()


def test_last_patients_are_held_out(folder):
    assert [case["split"] for case in sample_cases(folder, **SMALL, held_out=1)] == ["train", "val"]
    assert all("split" not in case for case in sample_cases(folder, **SMALL))


def test_cubes_stay_on_the_side_of_their_patient(tmp_path):
    cubes = sample_cases(tmp_path, patients=2, spacing=4.0, cubes=True, held_out=1)
    assert {(cube["patient"], cube["split"]) for cube in cubes} == {("real_00", "train"), ("virtual_01", "val")}


@pytest.mark.parametrize("held_out", [-1, 2, 3])
def test_somebody_has_to_train(tmp_path, held_out):
    with pytest.raises(ValueError, match=f"can hold out 0 to 1 of 2 patients, got {held_out}"):
        sample_cases(tmp_path, **SMALL, held_out=held_out)


@pytest.mark.parametrize("words", [{"patients": 0}, {"spacing": 0.0}], ids=["nobody", "no-spacing"])
def test_nothing_to_write_is_refused(tmp_path, words):
    with pytest.raises(ValueError, match="at least 1 patient and a spacing above 0 mm"):
        sample_cases(tmp_path, **words)
    assert not list(tmp_path.iterdir())


def test_switch_is_really_one(tmp_path):
    with pytest.raises(TypeError, match="cubes is True or False"):
        sample_cases(tmp_path, **SMALL, cubes="False")
