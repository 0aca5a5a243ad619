"""Masks with labels that nobody named."""

import pytest
import torch
from monai.data import MetaTensor

from medssl.transforms import KnownLabelsd

NAMES = ("liver", "tumour")


@pytest.mark.parametrize("dtype", [torch.float32, torch.uint8])
def test_named_labels_pass_unchanged(dtype):
    item = {"label": torch.tensor([[0, 1, 2, 2]], dtype=dtype), "image": torch.full((1, 4), 7.0)}
    found = KnownLabelsd("label", NAMES)(item)
    assert found.keys() == item.keys()
    assert all(found[key] is item[key] for key in item)


@pytest.mark.parametrize(("strange", "shown"), [([3], "3"), ([-1, 0.5], "-1, 0.5"), ([9, 8, 7, 6, 5, 4], "4, 5, 6")])
def test_others_are_refused_with_their_file_and_the_way_out(strange, shown):
    mask = MetaTensor(torch.tensor([[0.0, 1, *strange]]), meta={"filename_or_obj": "liver_04.nii.gz"})
    with pytest.raises(ValueError, match=f"liver_04.nii.gz: holds {shown}.*only 1 to 2 .*tumour.*relabel#from"):
        KnownLabelsd("label", NAMES)({"label": mask})


def test_a_mask_of_nobody_knows_where():
    with pytest.raises(ValueError, match="a mask: holds 255"):
        KnownLabelsd("label", NAMES)({"label": torch.tensor([255], dtype=torch.uint8)})
