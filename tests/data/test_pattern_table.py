"""Cubes on disk are the cubes of the volumes, however often the writing was cut off."""

import json
import logging
import pickle
from pathlib import Path

import numpy as np
import pytest
from monai.transforms import Compose, RandGaussianNoised

from medssl.data import (
    Cohort,
    CoordinateSearch,
    KeyedDataset,
    KeyedLoader,
    PatternCubes,
    Resolutions,
    SelfDiscovery,
    cut_cube,
    discover_patterns,
    gallery_cubes,
    load_patterns,
)

CUBE = (8, 8, 4)
SPLITS = ["train"] * 4 + ["val"]


class Volumes:
    """Counts how often each volume is read, and can be killed at a reading."""

    def __init__(self, last=10**6):
        self.reads, self.last = [], last

    def __len__(self):
        return 5

    def __getitem__(self, index):
        if len(self.reads) == self.last:
            raise KeyboardInterrupt
        self.reads.append(index)
        return np.random.default_rng(index).random((1, 24, 24, 20), dtype=np.float32) * 0.4


def cohort(volumes=None, **words):
    features = np.arange(5, dtype=np.float32)[:, None] ** 2
    facts = {"patients": list("abcde"), "splits": SPLITS, "data_hash": "d1"} | words
    return Cohort(Volumes() if volumes is None else volumes, features, **facts)


def discovery(**words):
    search = CoordinateSearch(margin=(3, 3, 2))
    small = {"cube": CUBE, "classes": 3, "resolutions": Resolutions(3, (-2, 1), (6, 10))}
    return SelfDiscovery(search, **small | words)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("patterns")
    discover_patterns(discovery(), cohort(), patterns_dir=str(folder))
    return str(folder)


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_cubes_are_those_of_the_table(finished):
    table, volumes = load_patterns(finished, "d1"), Volumes()
    for split in ("train", "val"):
        cubes = PatternCubes(finished, split)
        found = [row for row in table["cubes"] if row["split"] == split]
        assert len(cubes) == len(found) > 0
        for item, row in zip(cubes, found, strict=True):
            expected = cut_cube(volumes[row["volume"]][0], row["corner"], size=row["size"], cube=CUBE)
            assert item["image"].shape == (1, *CUBE)
            assert item["image"].dtype == np.float32
            np.testing.assert_allclose(item["image"][0], expected, atol=2e-4)  # half precision
            assert item["pattern"] == row["class"]


def test_table_says_what_each_cube_is(finished):
    table = load_patterns(finished)
    keys = {"split", "volume", "patient", "corner", "size", "depth", "class", "distance", "resolution"}
    assert all(set(row) == keys for row in table["cubes"])
    assert table["settings"]["search"]["margin"] == [3, 3, 2]
    assert table["settings"]["seed"] == 0
    assert table["data_hash"] == "d1"
    assert sorted(contents(Path(finished))) == ["patterns.json", "train.npy", "validation.npy"]


@pytest.mark.parametrize("reads", [2, 9, 10, 12], ids=str)
def test_killed_run_continues_to_the_same_files(finished, tmp_path, reads):
    broken, whole = Volumes(last=reads), Volumes()
    with pytest.raises(KeyboardInterrupt):
        discover_patterns(discovery(), cohort(broken), patterns_dir=str(tmp_path))
    with pytest.raises(ValueError, match="no finished patterns"):
        load_patterns(str(tmp_path))
    discover_patterns(discovery(), cohort(whole), patterns_dir=str(tmp_path))
    assert contents(tmp_path) == contents(Path(finished))
    planned = 5 + len({row["volume"] for row in load_patterns(finished)["cubes"] if row["distance"] == 0})
    cut = max(reads - planned, 0)
    if reads >= planned:  # neither the plan nor what was cut is made again
        assert len(whole.reads) == 5 - cut


def test_finished_table_is_left_alone(finished, caplog):
    volumes = Volumes()
    with caplog.at_level(logging.INFO):
        discover_patterns(discovery(), cohort(volumes), patterns_dir=finished)
    assert volumes.reads == []
    assert "nothing to do" in caplog.text


@pytest.mark.parametrize(
    ("words", "facts"), [({"seed": 5}, {}), ({}, {"data_hash": "d2"})], ids=["other-seed", "other-images"]
)
def test_another_table_is_replaced(tmp_path, caplog, words, facts):
    discover_patterns(discovery(), cohort(), patterns_dir=str(tmp_path))
    before = contents(tmp_path)
    discover_patterns(discovery(**words), cohort(**facts), patterns_dir=str(tmp_path))
    assert contents(tmp_path)["patterns.json"] != before["patterns.json"]
    assert "they are replaced" in caplog.text


def test_other_images_are_noticed(finished):
    with pytest.raises(ValueError, match=r"made from other images .*(?s:.*)configs/discover\.json"):
        PatternCubes(finished, data_hash="d2")
    assert PatternCubes(finished, data_hash="d1").num_classes == 3


def test_missing_table_names_the_command(tmp_path):
    with pytest.raises(ValueError, match=r"no finished patterns in (?s:.*)run --config_file configs/discover\.json"):
        PatternCubes(str(tmp_path / "nowhere"))
    with pytest.raises(ValueError, match=r"one of \['train', 'val'\], got 'validation'"):
        PatternCubes(str(tmp_path), "validation")


def test_cubes_can_be_sent_to_workers(finished):
    cubes = PatternCubes(finished)
    first = cubes[0]["image"]
    copy = pickle.loads(pickle.dumps(cubes))
    assert len(pickle.dumps(cubes)) < 2000
    assert np.array_equal(copy[0]["image"], first)
    copy[0]["image"][:] = 9
    assert np.array_equal(copy[-len(copy)]["image"], first)
    with pytest.raises(IndexError):
        cubes[len(cubes)]


def test_cubes_feed_the_keyed_loader(finished):
    spoil = Compose([RandGaussianNoised("image", prob=1.0)])
    batches = [
        next(iter(KeyedLoader(KeyedDataset(PatternCubes(finished), spoil), batch_size=4, num_workers=workers)))
        for workers in (0, 1)
    ]
    assert batches[0]["image"].shape == (4, 1, *CUBE)
    assert np.array_equal(batches[0]["image"], batches[1]["image"])
    assert np.array_equal(batches[0]["pattern"], batches[1]["pattern"])


def test_gallery_shows_exact_cubes_from_near_to_far(finished):
    shown = gallery_cubes(finished, classes=2, patients=3)
    table = json.loads((Path(finished) / "patterns.json").read_text())
    found = [row for row in table["cubes"] if row["split"] == "train"]
    for number, patterns in zip((0, 2), shown, strict=True):
        exact = [place for place, row in enumerate(found) if row["class"] == number and row["resolution"] == 0]
        wanted = [exact[0], exact[2], exact[-1]]  # three of four, evenly
        for place, cube in zip(wanted, patterns, strict=True):
            assert np.array_equal(cube, PatternCubes(finished)[place]["image"][0])
