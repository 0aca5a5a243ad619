"""Crops and masks against arrays of the published program; of the masks their structure counts, not the draws."""

import numpy as np
import pytest
import torch

from medssl.transforms import RandBlockMask, centred_crop, spread_blocks


@pytest.fixture(scope="module")
def values(golden):
    return golden("alice/alice_golden.npz")


@pytest.mark.parametrize("number", range(4))
def test_crops(number, values):
    crop = centred_crop(values["crop/img"][0], values["crop/points"][number], size=(8, 8, 8))
    assert (crop == values[f"crop/out{number}"][0]).all()


def test_masks_hide_as_many_columns_of_the_same_form(values):
    cells, half = values["mask/seed0_64_p16"], values["mask/shape"]
    hidden = RandBlockMask(block=16, ratio=0.75).set_random_state(0)(np.ones((1, *2 * half), np.float32))[0] == 0
    assert (hidden[::16, ::16].mean(axis=2) == hidden[::16, ::16, 0]).all()
    assert hidden[::16, ::16, 0].shape == cells.shape
    assert hidden[::16, ::16, 0].sum() == cells.sum()


def test_grid_covers_the_crop_as_the_enlarged_half_resolution_mask_does(values):
    cells, half = values["mask/seed0_64_p16"], values["mask/shape"].tolist()
    halved = torch.from_numpy(spread_blocks(cells[None], half)).float()[None]
    enlarged = torch.nn.functional.interpolate(halved, scale_factor=2, mode="nearest")[0].numpy()
    assert (enlarged == spread_blocks(cells[None], [2 * length for length in half])).all()


def test_masks_of_the_whole_step_hide_as_many_columns(values):
    masked = values["e2e/mask_grid"]
    views = torch.ones(2, 1, 64, 64, 64)
    hidden = RandBlockMask(block=16, ratio=0.75, views=True).set_random_state(0)(views)[:, 0, ::16, ::16, 0] == 0
    assert hidden.shape == masked.shape
    assert hidden.sum(dim=(1, 2)).tolist() == masked.sum(axis=(1, 2)).tolist() == [12, 12]
