import pytest
import torch

from medssl.networks.slices import slices_of, stack_of


def test_a_slice_is_an_image_and_the_stacks_come_back():
    stacks = torch.rand(2, 3, 4, 5, 6)
    images = slices_of(stacks)
    torch.testing.assert_close(images[6 + 2], stacks[1, ..., 2])
    torch.testing.assert_close(stack_of(images, 6), stacks)


def test_an_image_is_no_stack():
    with pytest.raises(ValueError, match=r"stacks \(N, C, W, H, S\), got \[2, 1, 8, 8\]"):
        slices_of(torch.zeros(2, 1, 8, 8))
