import pytest
import torch

from medssl.checks import plan_run, planning
from tests.checks.small_bundle import cut_off, write_bundle, write_volume


@pytest.fixture
def images(tmp_path):
    """Write six volumes of three patients, one of which was cut off."""
    for number in range(6):
        write_volume(tmp_path / f"data/p{number // 2}_{number}_ct.nii.gz")
    cut_off(tmp_path / "data/p0_0_ct.nii.gz")
    return tmp_path / "data"


def plan(tmp_path, images, changes=None, **words):
    text = plan_run(write_bundle(tmp_path / "bundle", changes), str(images), words=words)
    return dict(line.strip().split("  ", 1) for line in text.splitlines() if "  " in line.strip())


def test_a_plan(tmp_path, images):
    text = plan_run(write_bundle(tmp_path / "bundle"), str(images))
    assert text.startswith("bundle: pretrain.json on 6 images\n")
    rows = plan(tmp_path, images)
    assert rows["p0_0_ct.nii.gz"].strip() == "is cut off; copy it again"
    assert rows["shape"].strip() == "12 x 11 x 10"
    assert "s for 4 crops or images" in rows["step"]
    assert "for 3 epochs" in rows["epoch"]
    assert "or more for a step" in rows["memory"]
    assert rows["cache"].strip().startswith("7.92 kB of memory")  # 6 of 6 x 5.5 x 10 voxels in 4 bytes
    assert rows["disk"].strip().startswith("at most 3.96 kB")


def test_words_of_the_run_count(tmp_path, images):
    rows = plan(tmp_path, images, **{"grid#spacing": "native", "store": "none_given", "batch_size": 2})
    assert rows["cache"].strip().startswith("31.7 kB")
    assert "disk" not in rows
    assert "s for 2 crops" in rows["step"]


def test_patients_by_the_beginnings_of_names(tmp_path, images):
    assert "3 beginnings" in plan(tmp_path, images)["--patient_pattern '([^/_-]+)[_-][^/]*$'"]


@pytest.mark.parametrize(("low", "word"), [(0, "--grid#window_hu percentiles"), (-1000, None)])
def test_values_that_are_no_hounsfield_units(low, word, tmp_path):
    for number in range(3):
        write_volume(tmp_path / f"data/{number}_ct.nii.gz", low=low)
    assert (word in plan(tmp_path, tmp_path / "data")) == (word is not None)


def test_small_images_large_crops(tmp_path, images):
    assert "[6, 6, 10] voxels" in plan(tmp_path, images)["a smaller crop"]


def test_what_does_not_fit(tmp_path, images, monkeypatch):
    monkeypatch.setattr(planning, "_free_memory", lambda device="cpu": 9000)
    monkeypatch.setattr(planning.os, "cpu_count", lambda: 16)
    rows = plan(tmp_path, images, store="none_given")
    assert rows["--store DIR"].strip() == "so that images need not fit into memory"
    assert any(word.startswith("--batch_size ") for word in rows)
    assert "--num_workers 8" in rows


def test_the_preparation_comes_first(tmp_path, images):
    folder = write_bundle(tmp_path / "bundle", discover={"run": []})
    assert "to do first\n  run  configs/discover.json" in plan_run(folder, str(images))


@pytest.mark.parametrize(
    ("folder", "config", "message"),
    [("nowhere", "pretrain", "should be a folder"), (".", "features", "a plan is made for what trains")],
)
def test_refusals(folder, config, message, tmp_path):
    bundle = write_bundle(tmp_path / "bundle", features={"run": []})
    with pytest.raises(ValueError, match=message):
        plan_run(bundle, str(tmp_path / folder), config=config)


def test_a_split_that_cannot_be_is_said(tmp_path):
    write_volume(tmp_path / "data/a_ct.nii.gz")
    assert "at least 2 patients" in plan(tmp_path, tmp_path / "data")["split"]


@pytest.mark.parametrize(
    ("seconds", "text"), [(5, "5 s"), (90, "1.5 min"), (7200, "2 h"), (259200, "3 days"), (36e3, "10 h")]
)
def test_times_by_hand(seconds, text):
    assert planning._time(seconds) == text


@pytest.mark.parametrize(("count", "text"), [(12, "12 bytes"), (1500, "1.5 kB"), (2.5e9, "2.5 GB"), (3e12, "3 TB")])
def test_sizes_by_hand(count, text):
    assert planning._bytes(count) == text


def test_memory_of_this_machine_is_known():
    assert planning._free_memory(torch.device("cpu")) > 1e6
