from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from medssl.data import find_cases
from medssl.samples import chest_ct, sample_radiographs
from medssl.samples.films import film_of

SMALL = {"patients": 2, "views": 2, "side": 48, "spacing": 8.0}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("radiographs")
    sample_radiographs(path, **SMALL)
    return path


def pixels(path):
    return np.asarray(Image.open(path)).T


def state(folder):
    return {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.rglob("*.*")}


def test_each_patient_has_every_class_once(folder):
    cases = sample_radiographs(folder, **SMALL)
    assert Counter((case["patient"], case["class"]) for case in cases) == dict.fromkeys(
        [(patient, category) for patient in ("real_00", "virtual_01") for category in (0, 1)], 1
    )


def test_files_hold_the_simulated_films(folder):
    for number, case in enumerate(sample_radiographs(folder, **SMALL)[:2]):
        film = film_of(chest_ct().resampled(8.0), number, side=48)
        assert np.array_equal(pixels(case["image"]), film.picture)
        assert np.array_equal(pixels(case["label"]), film.lungs)
        assert case.get("boxes", []) == ([{"class": "nodule", "box": film.box}] if number else [])


def test_nodules_have_boxes_inside_the_film(folder):
    for case in sample_radiographs(folder, **SMALL):
        assert ("boxes" in case) == (case["class"] == 1)
        for found in case.get("boxes", []):
            x, y, width, height = found["box"]
            assert min(x, y, width - 1, height - 1) >= 0
            assert max(x + width, y + height) <= 48


def test_one_view_each_still_gives_both_classes(tmp_path):
    cases = sample_radiographs(tmp_path, **SMALL | {"views": 1})
    assert [case["class"] for case in cases] == [0, 1]


def test_whole_files_are_used_again(folder):
    before = state(folder)
    assert sample_radiographs(folder, **SMALL | {"patients": 1}) == sample_radiographs(folder, **SMALL)[:2]
    assert state(folder) == before


def test_cut_film_is_written_again_with_the_same_bytes(folder):
    path = Path(sample_radiographs(folder, **SMALL)[1]["image"])
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    sample_radiographs(folder, **SMALL)
    assert path.read_bytes() == whole


def test_other_settings_replace_the_films(tmp_path):
    words = SMALL | {"patients": 1}
    old, new = (Path(sample_radiographs(tmp_path, **words, seed=n)[0]["image"]).read_bytes() for n in (0, 1))
    assert old != new


def test_folder_reads_as_any_dataset(folder):
    found = find_cases(str(folder), keep_ids=True, spatial_dims=2)
    cases = sample_radiographs(folder, **SMALL)
    assert [{key: case[key] for key in cases[i]} for i, case in enumerate(found)] == cases


def test_two_callers_at_once_agree(tmp_path):
    with ThreadPoolExecutor(2) as pool:
        one, two = [pool.submit(sample_radiographs, tmp_path, **SMALL | {"patients": 1}) for _ in range(2)]
        assert one.result() == two.result()
    assert len(list(tmp_path.rglob("*.*"))) == 5


@pytest.mark.parametrize(
    "words",
    [{"patients": 0}, {"views": 0}, {"side": 0}, {"spacing": 0.0}],
    ids=["nobody", "no-view", "no-pixel", "no-spacing"],
)
def test_nothing_to_simulate_is_refused(tmp_path, words):
    with pytest.raises(ValueError, match="at least 1 patient, 1 view, a side of 1 and a spacing above 0 mm"):
        sample_radiographs(tmp_path, **words)
    assert not list(tmp_path.iterdir())
