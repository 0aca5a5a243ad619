"""Vectors of images."""

import numpy as np
import torch
from torch import nn

from medssl.engines import encode


class Twice(nn.Module):
    def forward(self, image):
        assert not self.training
        return [image, torch.cat([image, 2 * image], dim=1)]


def test_rows_are_spatial_means_of_the_coarsest_map():
    encoder = Twice().train()
    batches = [{"image": torch.arange(8.0).reshape(1, 1, 2, 2, 2)}, {"image": torch.ones(2, 1, 2, 2, 2)}]
    assert np.array_equal(encode(encoder, batches, device="cpu"), [[3.5, 7.0], [1.0, 2.0], [1.0, 2.0]])
    assert encoder.training
