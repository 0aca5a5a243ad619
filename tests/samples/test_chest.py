import nibabel as nib
import numpy as np
import pytest

from medssl.samples import ORGANS, chest_ct

SCAN = chest_ct()
LITRES = {
    "lungs": (3, 5), "heart": (0.3, 0.6), "liver": (0.9, 1.6), "spleen": (0.08, 0.3), "kidneys": (0.1, 0.4),
    "aorta": (0.1, 0.3), "vertebrae": (0.3, 0.7), "stomach": (0.1, 0.5),
}  # fmt: skip


def share(organ):
    return SCAN.label == ORGANS.index(organ) + 1


def centre(organ):
    return np.argwhere(share(organ)).mean(0)


def test_voxels_are_whole_numbers_in_hu():
    assert SCAN.image.dtype == np.int16
    assert SCAN.label.dtype == np.uint8
    assert SCAN.image.shape == SCAN.label.shape == (180, 137, 166)
    assert (SCAN.image.min(), SCAN.image.max()) == (-1024, 3064)
    assert not (SCAN.image % 8).any()


def test_axes_point_left_back_and_up_at_2_mm():
    assert nib.aff2axcodes(SCAN.affine) == ("L", "P", "S")
    assert SCAN.spacing == pytest.approx(2.0)


@pytest.mark.parametrize("organ", ORGANS)
def test_organ_has_a_human_volume(organ):
    low, high = LITRES[organ]
    assert low < share(organ).sum() * 8e-6 < high


def test_organs_lie_where_they_should():
    assert centre("liver")[0] < centre("spleen")[0]  # axis 0 runs to the patient's left
    assert centre("heart")[1] < centre("vertebrae")[1]  # axis 1 runs to the back
    assert centre("kidneys")[2] < centre("liver")[2] < centre("heart")[2]  # axis 2 runs to the head


def test_organs_are_as_bright_as_they_should():
    means = {organ: SCAN.image[share(organ)].mean() for organ in ORGANS}
    assert -900 < means["lungs"] < -750
    assert 40 < means["liver"] < 120
    assert means["aorta"] > 250  # contrast medium


def test_coarser_voxels_keep_place_volume_and_brightness():
    coarse = SCAN.resampled(4.0)
    assert coarse.image.shape == (90, 69, 83)
    assert coarse.spacing == pytest.approx(4.0)
    assert np.array_equal(coarse.affine[:3, 3], SCAN.affine[:3, 3])
    liver = coarse.label == 3
    assert liver.sum() * 8 == pytest.approx(share("liver").sum(), rel=0.02)
    assert coarse.image[liver].mean() == pytest.approx(SCAN.image[share("liver")].mean(), abs=8)


def test_same_voxels_are_the_same_scan():
    assert SCAN.resampled(2.0) is SCAN
