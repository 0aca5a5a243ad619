"""Pixels of a plane."""

import numpy as np
import pytest
import torch
from monai.data import MetaTensor

from medssl.transforms import BlankDiscd, FlatPlaned

AFFINE = torch.diag(torch.tensor([2.0, 1.0, 8.0, 1.0], dtype=torch.float64))
IMAGE = torch.arange(35.0).reshape(1, 5, 7, 1)


def plane(values=IMAGE):
    return {"image": MetaTensor(values, affine=AFFINE), "host": 1}


@pytest.mark.parametrize("kind", [np.asarray, torch.as_tensor, MetaTensor], ids=["numpy", "tensor", "meta"])
def test_the_last_axis_goes(kind):
    result = FlatPlaned("image")({"image": kind(IMAGE), "host": 1})
    assert type(result["image"]) is torch.Tensor
    assert torch.equal(result["image"], IMAGE[..., 0])
    assert result["host"] == 1


def test_all_channels_of_all_keys():
    result = FlatPlaned(["image", "label"])({"image": IMAGE, "label": torch.ones(3, 5, 7, 1)})
    assert result["label"].shape == (3, 5, 7)


@pytest.mark.parametrize("shape", [(1, 5, 7), (1, 5, 7, 2)], ids=["flat", "stack"])
def test_what_is_no_plane_is_refused(shape):
    with pytest.raises(ValueError, match=r"needs planes \(C, W, H, 1\), got .* for 'image'"):
        FlatPlaned("image")({"image": torch.zeros(shape)})


def test_disc_by_hand():
    """Pixels are 2 mm by 1 mm: within 2 mm of the middle (2, 3) lie 5 of its column and its neighbours in the row."""
    result = BlankDiscd("image", radius_mm=2)(plane())["image"]
    inside = torch.zeros(5, 7, dtype=torch.bool)
    inside[2, 1:6] = True
    inside[[1, 3], 3] = True
    rest = IMAGE[0, ..., 0][~inside]
    assert torch.equal(result[0, ..., 0][~inside].as_tensor(), rest)
    assert result[0, ..., 0][inside].as_tensor().tolist() == pytest.approx([float(rest.mean())] * 7)
    assert torch.equal(result.affine, AFFINE)
    assert torch.equal(plane()["image"].as_tensor(), IMAGE)


def test_middle_of_an_even_image_lies_between_pixels():
    result = BlankDiscd("image", radius_mm=1.2)(plane(torch.rand(1, 4, 4, 1)))["image"]
    assert len(result[0].unique()) == 16 - 3  # four pixels around the middle hold one value


def test_what_is_blanked_leaves_no_trace():
    other = IMAGE.clone()
    other[0, 2, 3] = 1e6
    one, two = (BlankDiscd("image", 2)(plane(values))["image"] for values in (IMAGE, other))
    assert torch.equal(one.as_tensor(), two.as_tensor())


def test_radius_0_does_nothing():
    assert torch.equal(BlankDiscd("image")(plane())["image"].as_tensor(), IMAGE)


def test_senseless_radii_are_refused():
    with pytest.raises(ValueError, match="radius_mm from 0 on, got -1"):
        BlankDiscd("image", -1)
    with pytest.raises(ValueError, match=r"radius_mm=50\) leaves nothing of an image of \(5, 7\)"):
        BlankDiscd("image", 50)(plane())


def test_a_disc_in_mm_needs_an_affine():
    with pytest.raises(TypeError, match="BlankDiscd needs a MetaTensor"):
        BlankDiscd("image", 5)({"image": IMAGE})
