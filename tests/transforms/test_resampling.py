"""Other voxel sizes, whatever else the dictionary holds."""

import numpy as np
import pytest
import torch
from monai.data import MetaTensor
from monai.transforms import Spacingd

from medssl.transforms import PlainSpacingd

WORDS = {"keys": "image", "pixdim": [2.0, 2.0, 2.0], "mode": "bilinear"}


@pytest.fixture
def scan():
    """As MONAI Label hands it over: a NIfTI image, and its path as text."""
    image = MetaTensor(torch.rand(1, 6, 6, 6), affine=torch.eye(4), meta={"filename_or_obj": "scan.nii.gz"})
    return {"image": image, "image_path": "scan.nii.gz", "image_meta_dict": {}}


def test_same_image_as_monai_makes(scan):
    result = PlainSpacingd(**WORDS)(scan)
    expected = Spacingd(**WORDS)({"image": scan["image"]})["image"]
    assert torch.equal(result["image"], expected)
    np.testing.assert_allclose(result["image"].affine, expected.affine)


def test_other_keys_stay_as_they_are(scan):
    with pytest.raises(AttributeError):
        Spacingd(**WORDS)(scan)
    result = PlainSpacingd(**WORDS)(scan)
    assert (result["image_path"], result["image_meta_dict"]) == ("scan.nii.gz", {})


def test_it_can_be_undone(scan):
    spacing = PlainSpacingd(**WORDS)
    assert spacing.inverse(spacing(scan))["image"].shape == scan["image"].shape


def test_a_missing_key_is_an_error_unless_allowed(scan):
    with pytest.raises(KeyError, match="volume"):
        PlainSpacingd(**WORDS | {"keys": "volume"})(scan)
    assert PlainSpacingd(**WORDS | {"keys": "volume"}, allow_missing_keys=True)(scan).keys() == scan.keys()
