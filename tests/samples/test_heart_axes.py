import numpy as np
import pytest
from scipy import ndimage

from medssl.samples import ORGANS, Scan, chest_ct
from medssl.samples.heart_axes import find_heart

HEART = ORGANS.index("heart") + 1


def drawn_scan(spacing=2.0):
    """A heart of two bright tubes in muscle: the left one behind runs 80 mm along (-1, 1, -1), the right one before."""
    affine = np.diag([-spacing, -spacing, spacing, 1.0])
    affine[:3, 3] = (90, 90, -90)
    index = np.indices([round(180 / spacing)] * 3).reshape(3, -1)
    places = (affine[:3, :3] @ index).T + affine[:3, 3]
    axis = np.array([-1.0, 1, -1]) / np.sqrt(3)
    bright = np.zeros(len(places), bool)
    for start, radius in ((np.zeros(3), 16.0), (np.array([12.0, 36, 24]), 14.0)):  # the shift is across the axis
        along = (places - start) @ axis
        bright |= (np.abs(along) < 40) & (np.linalg.norm(places - start - along[:, None] * axis, axis=1) < radius)
    shape = [round(180 / spacing)] * 3
    image = np.where(bright, 400, 80).astype(np.int16).reshape(shape)
    rounds = round(12 / spacing)
    heart = ndimage.binary_dilation(bright.reshape(shape), iterations=rounds)
    return Scan(image, (HEART * heart).astype(np.uint8), affine), axis


def test_axis_of_a_drawn_heart_is_found():
    scan, axis = drawn_scan()
    frame = find_heart(scan)
    assert frame.axes[:, 2] @ axis > np.cos(np.radians(3))
    assert frame.right == pytest.approx([12, 36, 24], abs=1.5)
    assert np.linalg.norm(np.cross(frame.base, axis)) < 1.5  # on the axis
    assert frame.base @ axis < 0 < frame.apex @ axis


def test_heart_of_the_embedded_ct_points_left_forward_and_down():
    frame = find_heart(chest_ct())
    septal, inferior, long = frame.axes.T
    assert long == pytest.approx([-0.80, 0.54, -0.25], abs=0.02)  # right, front, head
    assert septal[1] > 0.5
    assert inferior[2] < -0.9
    assert frame.length_mm == pytest.approx(70, abs=2)


def test_landmarks_lie_where_they_should_in_the_embedded_ct():
    scan = chest_ct()
    frame = find_heart(scan)
    places = [(np.linalg.inv(scan.affine) @ [*place, 1])[:3] for place in (frame.base, frame.right, frame.apex)]
    hu = [ndimage.map_coordinates(scan.image.astype(float), place[:, None], order=1)[0] for place in places]
    assert min(hu[:2]) > 250  # blood
    assert hu[2] < 200  # muscle or fat at the tip


def test_heart_without_contrast_medium_is_refused():
    scan, _ = drawn_scan(spacing=6.0)
    with pytest.raises(ValueError, match="blood above 250 HU in two pieces, got 0"):
        find_heart(Scan(np.full_like(scan.image, 60), scan.label, scan.affine))
