"""Images are found, paired, and known by their bytes."""

import os
from pathlib import Path

import pytest

from medssl.data import content_hash, fingerprint, image_files, matched_files, stem
from medssl.data.files import short_name


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.nii.gz", "a"),
        ("p/b.c.nii", "b.c"),
        ("d", "d"),
        ("e.mhd", "e"),
        ("f.tar.gz", "f"),
        ("p/1.3.6.179", "1.3.6.179"),
    ],
)
def test_stem(name, expected):
    assert stem(name) == expected


def test_short_name_is_below_the_folder_of_all():
    images = ["/x/a/1.nii", ["/x/b/c/2.nii", "/x/b/c/3.nii"]]
    assert [short_name(image, images) for image in images] == ["a/1.nii", "b/c/2.nii"]
    assert short_name("/x/a/1.nii", images[:1]) == "1.nii"


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        pytest.param("*.nii", {("", "a"): "a.nii", ("x/y/", "b"): "x/y/b.nii"}, id="any-folder"),
        pytest.param("x/**/*.nii", {("y/", "b"): "x/y/b.nii"}, id="below-a-folder"),
        pytest.param("x/*.nii", {}, id="in-a-folder"),
        pytest.param("?.mhd", {("", "c"): "c.mhd"}, id="one-letter"),
        pytest.param("none_given", {("", "a"): "a.nii", ("", "c"): "c.mhd", ("x/y/", "b"): "x/y/b.nii"}, id="all"),
    ],
)
def test_patterns(tmp_path, pattern, expected):
    (tmp_path / "x" / "y").mkdir(parents=True)
    for name in ("a.nii", "x/y/b.nii", "c.mhd", "c.raw", "a.txt"):
        (tmp_path / name).write_text("some text")
    assert matched_files(tmp_path, pattern) == expected


def test_header_brings_its_data(tmp_path):
    (tmp_path / "a.mhd").write_text("ObjectType = Image\nElementDataFile = a.raw\n")
    (tmp_path / "b.nhdr").write_text("NRRD0004\ndata file: ./b.raw\n")
    for name in ("a.raw", "b.raw", "c.nii"):
        (tmp_path / name).write_bytes(b"1234")
    assert [f.name for f in image_files(tmp_path / "a.mhd")] == ["a.mhd", "a.raw"]
    assert [f.name for f in image_files(str(tmp_path / "b.nhdr"))] == ["b.nhdr", "b.raw"]
    assert [f.name for f in image_files([str(tmp_path / "c.nii"), str(tmp_path / "a.mhd")])] == [
        "c.nii",
        "a.mhd",
        "a.raw",
    ]


def test_missing_data_is_named(tmp_path):
    (tmp_path / "a.mhd").write_text("ElementDataFile = a.raw\n")
    with pytest.raises(FileNotFoundError, match=r"there is no file a\.raw"):
        image_files(tmp_path / "a.mhd")


def test_content_hash_is_of_the_bytes_alone(tmp_path):
    for name, content in (("a.nii", b"one"), ("b.nii", b"one"), ("c.nii", b"two")):
        (tmp_path / name).write_bytes(content)
    first, second, third = (content_hash(tmp_path / name) for name in ("a.nii", "b.nii", "c.nii"))
    assert first == second == "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed"  # sha256sum of "one"
    assert third != first


def test_fingerprint_changes_with_place_size_and_time(tmp_path):
    path = Path(tmp_path / "a.mhd")
    path.write_text("ElementDataFile = a.raw\n")
    (tmp_path / "a.raw").write_bytes(b"1234")
    prints = [fingerprint(path), fingerprint(str(path))]
    os.utime(tmp_path / "a.raw", (1, 1))
    prints.append(fingerprint(path))
    (tmp_path / "a.raw").write_bytes(b"12345")
    os.utime(tmp_path / "a.raw", (1, 1))
    prints.append(fingerprint(path))
    assert prints[0] == prints[1]
    assert len(set(prints)) == 3


def test_every_picture_is_one_image(tmp_path):
    (tmp_path / "x").mkdir()
    for name in ("a.png", "a.JPG", "x/b.tiff", "c.nii", "d.txt", "x/e.dcm"):
        (tmp_path / name).write_text("some text")
    for name in ("x/f", "DICOMDIR"):
        (tmp_path / name).write_bytes(b"\0" * 128 + b"DICM")
    found = matched_files(tmp_path, "none_given", spatial_dims=2)
    assert list(found.values()) == ["a.JPG", "a.png", "x/b.tiff", "x/e.dcm", "x/f"]
    assert matched_files(tmp_path, "*.dcm", spatial_dims=2) == {("x/", "e"): "x/e.dcm"}
    assert found["x/", "e"] == "x/e.dcm"  # so that x/e_mask.png finds it
