"""Copies hold what the files would give, are made once, and are found again."""

import logging
import os
import pickle

import numpy as np
import pytest
from PIL import Image

from medssl.data import GreyImages, grey_copies, read_plane


@pytest.fixture
def cases(tmp_path):
    draws = np.random.default_rng(0)
    for number in range(3):
        values = draws.integers(0, 4096, (40, 30 + number)).astype(np.uint16)
        Image.fromarray(values).save(tmp_path / f"{number}.png")
    return [{"image": str(tmp_path / f"{n}.png"), "class": n, "patient": f"p{n}", "label": "m.png"} for n in range(3)]


@pytest.mark.parametrize("window", ["auto", [100, 3000]], ids=["auto", "window"])
@pytest.mark.parametrize("side", [0, 12])
def test_same_pixels_with_and_without_copies(cases, tmp_path, window, side):
    copies = grey_copies(cases, str(tmp_path / "store"), short_side=side, window=window)
    words = {"short_side": side, "window": window}
    for plain, copied, case in zip(GreyImages(cases, **words), GreyImages(copies, **words), cases, strict=True):
        assert copied["image"].dtype == np.uint8
        assert np.array_equal(copied["image"], plain["image"])
        assert np.array_equal(copied["image"], read_plane(case["image"], **words)[0])
        assert copied["class"] == plain["class"] == case["class"]
    assert [copy | {"image": ""} for copy in copies] == [case | {"image": ""} for case in cases]


def test_copies_are_made_once_and_anew_where_something_changed(cases, tmp_path, caplog):
    caplog.set_level(logging.INFO, logger="medssl")
    store = str(tmp_path / "store")
    first = grey_copies(cases, store, short_side=12)
    os.remove(first[1]["image"])  # as if it had been cut off there
    times = {case["image"]: os.stat(case["image"]).st_mtime_ns for case in (first[0], first[2])}
    assert grey_copies(cases, store, short_side=12) == first
    assert times == {path: os.stat(path).st_mtime_ns for path in times}
    Image.fromarray(np.eye(50, dtype=np.uint8)).save(cases[0]["image"])
    changed = grey_copies(cases, store, short_side=12)
    assert [a["image"] == b["image"] for a, b in zip(first, changed, strict=True)] == [False, True, True]
    wider = grey_copies(cases, store, short_side=12, window=[0, 9999])
    smaller = grey_copies(cases, store, short_side=11)
    assert len({case["image"] for case in [*first, *changed, *wider, *smaller]}) == 3 + 1 + 3 + 3
    counts = [record.getMessage() for record in caplog.records if "to make" in record.getMessage()]
    assert [text.split(", ")[1] for text in counts] == [f"{n} to make." for n in (3, 1, 1, 3, 3)]


def test_no_store_leaves_cases_as_they_are(cases):
    assert grey_copies(cases, "none_given", short_side=12) == cases


def test_images_go_to_other_processes(cases):
    images = pickle.loads(pickle.dumps(GreyImages(cases, short_side=10)))
    assert len(images) == 3
    assert [item["image"].shape for item in images[:2]] == [(1, 10, 13), (1, 10, 13)]
    assert np.array_equal(images[-1]["image"], images[2]["image"])


def test_a_bad_file_is_named(cases, tmp_path):
    Image.new("RGB", (9, 9), (200, 10, 10)).save(cases[1]["image"])
    with pytest.raises(ValueError, match=r"1\.png is a colour picture"):
        grey_copies(cases, str(tmp_path / "store"), short_side=12)


def test_refuses_values_as_stored(cases, tmp_path):
    with pytest.raises(ValueError, match="need a window, got 'none'"):
        grey_copies(cases, str(tmp_path), short_side=12, window="none")
