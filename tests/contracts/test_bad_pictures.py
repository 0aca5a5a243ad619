"""Broken pictures and lists, and the message that each must give before anything is trained on them."""

import json
import logging
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from medssl.data import find_cases, grey_copies, usable_cases
from tests.data.dicom_files import write_radiograph

NOISE = np.random.default_rng(0).integers(0, 256, (48, 40), dtype=np.uint8)  # forty columns
SMOOTH = np.add.outer(np.arange(48.0), 3 * np.arange(40.0))


def save(path, values=NOISE, **options):
    Image.fromarray(values).save(path, **options)


def cut(path, length):
    save(path)
    with path.open("r+b") as stream:
        stream.truncate(length)


def photo(path):
    save(path, np.stack([NOISE, NOISE[::-1], NOISE // 2], axis=2))


def transparent(path):
    save(path, np.stack([NOISE] * 4, axis=2))


def frames(path):
    write_radiograph(path, np.stack([SMOOTH, SMOOTH], axis=2).reshape(48, 80), NumberOfFrames=2, Columns=40)


def listed(path, **entry):
    (path.parent / "dataset.json").write_text(json.dumps(["good.png", {"image": path.name, **entry}]))


def nearly_black(path):
    save(path, NOISE // 64)
    listed(path)


def mask_of_other_shape(path):
    save(path)
    save(path.with_name("mask.png"), NOISE[:40] % 2)
    listed(path, label="mask.png")


def mask_in_colours(path):
    save(path)
    photo(path.with_name("mask.png"))
    listed(path, label="mask.png")


AUTO, WINDOW = {"window": "auto"}, {"window": [0, 255]}
BAD = [
    pytest.param("bad.png", photo, AUTO, "is a colour picture (its channels differ by", id="colour-photo"),
    pytest.param("bad.jpg", photo, AUTO, "remove it, or save it as grey if it shows a radiograph", id="colour-jpeg"),
    pytest.param("bad.png", transparent, AUTO, "is transparent in places", id="transparent"),
    pytest.param(
        "bad.png",
        lambda path: save(path, (SMOOTH * 20 + 1000).astype(np.uint16)),
        WINDOW,
        "has nearly no contrast in the window [0, 255]: 0 of 255 grey values, from values between 1000 and 4280; give",
        id="sixteen-bits-in-a-window-of-eight",
    ),
    pytest.param(
        "bad.dcm",
        lambda path: write_radiograph(path, SMOOTH, WindowCenter=30000, WindowWidth=100),
        AUTO,
        "has nearly no contrast in the window 'auto': 0 of 255 grey values, from values between 0 and 164",
        id="window-of-the-header-lies-elsewhere",
    ),
    pytest.param(
        "bad.png", nearly_black, AUTO, "no contrast in the window 'auto': 3 of 255 grey values", id="nearly-black"
    ),
    pytest.param(
        "bad.png",
        lambda path: save(path, NOISE[:20]),
        AUTO,
        "has the shape [40, 20], needed are at least [32, 32] pixels; use larger images or smaller crops",
        id="smaller-than-the-crop",
    ),
    pytest.param("bad.jpg", lambda path: cut(path, 900), AUTO, "cannot be read (", id="truncated-jpeg"),
    pytest.param("bad.jpg", lambda path: path.write_bytes(b"\xff\xd8" * 99), AUTO, "cannot be read (", id="no-jpeg"),
    pytest.param("bad.png", lambda path: cut(path, 900), AUTO, "cannot be read (", id="truncated-png"),
    pytest.param("bad.png", lambda path: cut(path, 0), AUTO, "cannot be read (", id="empty-file"),
    pytest.param("bad.tif", lambda path: cut(path, 900), AUTO, "cannot be read (", id="truncated-tiff"),
    pytest.param("bad.dcm", lambda path: path.write_text("no image"), AUTO, "cannot be read (", id="no-dicom"),
    pytest.param(
        "bad.dcm",
        lambda path: write_radiograph(path, SMOOTH, PixelData=None),
        AUTO,
        "holds no pixels, only a header; remove it, or export the image itself",
        id="dicom-without-pixels",
    ),
    pytest.param("bad.dcm", frames, AUTO, "holds 2 frames where one is needed", id="dicom-of-frames"),
    pytest.param("bad.png", listed, AUTO, "there is no file bad.png; correct the list", id="listed-but-missing"),
    pytest.param("bad.png", lambda path: save(path, NOISE % 4 * 60), AUTO, "looks like a label map (4", id="label-map"),
    pytest.param("bad.png", mask_of_other_shape, AUTO, "label has the shape [40, 40], the image [40, 48]", id="mask"),
    pytest.param("bad.png", mask_in_colours, AUTO, "label: is a colour picture", id="mask-in-colours"),
]


def look(folder, **words):
    save(folder / "good.png")
    return usable_cases(find_cases(str(folder), spatial_dims=2), min_shape=(32, 32), **words)


@pytest.mark.parametrize(("name", "make", "words", "message"), BAD)
def test_one_bad_picture_is_named_and_left_out(tmp_path, caplog, name, make, words, message):
    make(tmp_path / name)
    with caplog.at_level(logging.WARNING, logger="medssl"):
        good = look(tmp_path, **words)
    texts = [record.getMessage() for record in caplog.records if record.name.startswith("medssl")]
    assert ([Path(case["image"]).name for case in good], len(texts)) == (["good.png"], 2)
    assert texts[0].startswith(f"left out {name}: ")
    assert message in texts[0]
    assert str(tmp_path) not in texts[0]
    assert texts[1] == "left out 1 of 2 cases."


@pytest.mark.parametrize(("name", "make", "words", "message"), BAD)
def test_strict_makes_it_an_error(tmp_path, name, make, words, message):
    make(tmp_path / name)
    with pytest.raises(ValueError, match="1 of 2 cases are bad, strict allows none") as raised:
        look(tmp_path, strict=True, **words)
    assert message in str(raised.value)


NAMES = ["Mass", "Nodule", "Edema"]
SEVERAL = {"names": NAMES, "multi_label": True}


@pytest.mark.parametrize(
    ("listing", "text", "classes", "message"),
    [
        pytest.param(
            "list.json",
            '[{"image": "good.png", "class": "tuberculosis"}]',
            {"names": ["normal", "pneumonia"]},
            r"good.png has the class 'tuberculosis', known are \['normal', 'pneumonia'\]; correct the list",
            id="unknown-label",
        ),
        pytest.param(
            "list.csv", "file,class\ngood.png,Mass|Cyst\n", SEVERAL, "has the class 'Cyst', known are", id="one-of-two"
        ),
        pytest.param(
            "list.txt", "good.png 0 1\n", SEVERAL, r"good.png has the labels \[0, 1\], needed are 3", id="too-few"
        ),
        pytest.param("list.txt", "good.png 0 1 0 1\n", SEVERAL, r"labels \[0, 1, 0, 1\], needed are 3", id="too-many"),
        pytest.param("list.txt", "good.png 0 1 -1\n", SEVERAL, r"labels \[0, 1, -1\], needed are 3 of 0", id="minus-1"),
        pytest.param("list.txt", "good.png 0 1 0\n", {"names": NAMES}, "set multi_label to True", id="not-said"),
    ],
)
def test_bad_lists_are_errors(tmp_path, listing, text, classes, message):
    (tmp_path / listing).write_text(text)
    with pytest.raises(ValueError, match=message):
        find_cases(str(tmp_path), lists={"train": str(tmp_path / listing)}, spatial_dims=2, classes=classes)


def test_what_passed_can_be_copied(tmp_path):
    write_radiograph(tmp_path / "a.dcm", SMOOTH, photometric="MONOCHROME1")
    save(tmp_path / "b.png", np.stack([NOISE] * 3, axis=2))
    copies = grey_copies(look(tmp_path), str(tmp_path / "store"), short_side=32)
    assert len(copies) == 3
    assert all(Path(case["image"]).is_file() for case in copies)
