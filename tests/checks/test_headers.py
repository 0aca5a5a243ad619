import itk
import numpy as np
import pytest
from PIL import Image

from medssl.checks.headers import bad_cases, header_facts, headers_of
from tests.checks.small_bundle import cut_off, in_two_parts, write_volume
from tests.data.dicom_files import write_radiograph, write_slice

GREY = np.random.default_rng(0).integers(0, 256, (40, 30)).astype(np.uint8)


def test_nifti_by_hand(tmp_path):
    path = write_volume(tmp_path / "a.nii.gz")
    assert header_facts(str(path)) == {
        "shape": [12, 11, 10],
        "spacing": [2.0, 2.0, 3.0],
        "bytes": path.stat().st_size,
    }


@pytest.mark.parametrize("suffix", ["mha", "mhd", "nrrd"])
def test_what_itk_reads(suffix, tmp_path):
    image = itk.image_from_array(np.zeros((4, 3, 2), np.int16))
    image.SetSpacing([1.0, 2.0, 3.0])
    itk.imwrite(image, str(tmp_path / f"a.{suffix}"))
    facts = header_facts(str(tmp_path / f"a.{suffix}"))
    assert (facts["shape"], facts["spacing"]) == ([2, 3, 4], [1.0, 2.0, 3.0])


@pytest.mark.parametrize("suffix", ["png", "jpg", "tif"])
def test_pictures(suffix, tmp_path):
    Image.fromarray(GREY).save(tmp_path / f"a.{suffix}")
    assert header_facts(str(tmp_path / f"a.{suffix}"))["shape"] == [30, 40]


def test_a_series_has_as_many_slices_as_files(tmp_path):
    for number in range(3):
        place = (0, 0, 2 * number)
        write_slice(tmp_path / f"{number}.dcm", GREY, position=place, spacing=(0.5, 0.7), SliceThickness=2.0)
    facts = header_facts(str(tmp_path))
    assert (facts["shape"], facts["spacing"]) == ([30, 40, 3], [0.7, 0.5, 2.0])


def test_a_dicom_picture_is_flat_and_one_without_pixels_a_problem(tmp_path):
    assert header_facts(write_radiograph(tmp_path / "a.dcm", GREY))["shape"] == [30, 40]
    assert "holds no pixels" in header_facts(write_radiograph(tmp_path / "b.dcm", GREY, Rows=None))["problem"]


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz", "a.png", "a.jpg"])
def test_a_file_that_was_cut_off(name, tmp_path):
    if ".nii" in name:
        write_volume(tmp_path / name)
    else:
        Image.fromarray(GREY).save(tmp_path / name)
    assert "problem" not in header_facts(str(tmp_path / name))
    cut_off(tmp_path / name, keep=0.7)
    assert header_facts(str(tmp_path / name))["problem"].startswith(("is cut off", "cannot be read"))


def test_a_whole_file_of_two_members_is_whole(tmp_path):
    path = in_two_parts(write_volume(tmp_path / "a.nii.gz"))
    assert header_facts(str(path))["shape"] == [12, 11, 10]


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        pytest.param("a.nii.gz", b"text", "cannot be read", id="text"),
        pytest.param("a.nii.gz", b"", "cannot be read", id="empty"),
        pytest.param("a.nrrd", b"text", "is no image of a known kind", id="no-nrrd"),
        pytest.param("a.nii", None, "there is no file a.nii", id="missing"),
    ],
)
def test_problems_name_no_folder(name, content, problem, tmp_path):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    found = header_facts(str(tmp_path / name))["problem"]
    assert problem in found
    assert str(tmp_path) not in found


def test_bad_cases(tmp_path):
    good, label = (str(write_volume(tmp_path / name)) for name in ("a.nii.gz", "b.nii.gz"))
    other = str(write_volume(tmp_path / "c.nii.gz", (12, 11, 9)))
    cases = [
        {"image": good},
        {"image": good, "label": label},
        {"image": good, "label": other},
        {"image": good, "label": str(tmp_path / "d.nii.gz")},
        {"image": str(tmp_path / "e.nii.gz"), "label": label},
    ]
    bad = bad_cases(cases, headers_of([case["image"] for case in cases]))
    assert list(bad) == [2, 3, 4]
    assert "its label [12, 11, 9]" in bad[2]
    assert bad[3].startswith("its label cannot be read")
