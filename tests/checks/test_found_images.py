import nibabel as nib
import numpy as np
import pytest
from PIL import Image

from medssl.checks import found_images
from medssl.checks.found_images import FoundImages, look_at_images
from tests.checks.small_bundle import cut_off, write_volume


def case(path, **words):
    return {"image": str(path), "patient": path.name, **words}


@pytest.fixture
def volumes(tmp_path):
    """Write five volumes, the second of which was cut off."""
    paths = [write_volume(tmp_path / f"p{number}.nii.gz", (12 + number, 11, 10)) for number in range(5)]
    cut_off(paths[1])
    return paths


def test_what_is_found(volumes):
    label = write_volume(volumes[0].with_name("label.nii.gz"), low=0)
    found = look_at_images([case(path) for path in volumes[1:]] + [case(volumes[0], label=str(label))])
    rows = dict(found.described())
    assert rows["images"] == "5 of 5 patients; 1 with a label, 0 with a class"
    assert rows["shape"] == "14 x 11 x 10 (median), 12 x 11 x 10 to 16 x 11 x 10"
    assert rows["spacing"] == "2 x 2 x 3 mm"
    assert rows["headers"] == "all read, 4 of them fit for use"
    assert rows["values"].endswith("in the 4 images that were read")
    assert rows["labels"] == "up to 0 different values, in the 1 that were read"
    assert list(found.suspicious) == ["p1.nii.gz"]
    assert found.read_seconds > 0


def test_of_many_some_are_looked_at(volumes, monkeypatch):
    monkeypatch.setattr(found_images, "MOST_HEADERS", 2)
    found = look_at_images([case(path) for path in volumes[:1] * 5], few=1)
    assert found.every == 3
    assert dict(found.described())["headers"] == "one in 3 read, 2 of them fit for use"
    assert len(found.values) == 1


def test_odd_ones_are_told(tmp_path):
    for number in range(3):
        write_volume(tmp_path / f"{number}.nii.gz")
    write_volume(tmp_path / "flat.nii.gz", (12, 11))
    for name, values, size in (
        ("few", np.arange(12 * 11 * 10).reshape(12, 11, 10) % 4, 2.0),
        ("same", np.full((12, 11, 10), 7), 2.0),
        ("huge", np.arange(12 * 11 * 10).reshape(12, 11, 10), 20.0),
    ):
        nib.Nifti1Image(values.astype(np.int16), np.diag([size, size, 3.0, 1])).to_filename(tmp_path / f"{name}.nii.gz")
    told = look_at_images([case(path) for path in sorted(tmp_path.iterdir())]).suspicious
    assert "2 axes, most others 3" in told["flat.nii.gz"]
    assert "4 whole-number values" in told["few.nii.gz"]
    assert "nothing but the value 7" in told["same.nii.gz"]
    assert "20.0" in told["huge.nii.gz"]
    assert set(told) == {"flat.nii.gz", "few.nii.gz", "same.nii.gz", "huge.nii.gz"}


def test_pictures(tmp_path):
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 30)).astype(np.uint8)).save(tmp_path / "a.png")
    found = look_at_images([case(tmp_path / "a.png")], flat=True)
    assert dict(found.described())["shape"] == "30 x 40"
    assert found.middle("shape") == [30, 40]


def test_no_time_reads_no_voxels(volumes):
    assert look_at_images([case(path) for path in volumes], seconds=-1).values == []


def test_nothing_usable_is_described(tmp_path):
    found = look_at_images([case(tmp_path / "absent.nii")])
    assert [word for word, _ in found.described()] == ["images", "headers"]
    assert FoundImages([], []).patients == 0
