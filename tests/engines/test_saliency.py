"""Where a network looks."""

from collections import OrderedDict

import numpy as np
import pytest
import torch
from monai.data import DataLoader, Dataset
from monai.engines import PrepareBatchExtraInput, SupervisedEvaluator
from torch import nn

from medssl.engines import CamInferer
from medssl.networks import ClassificationNetwork, ResidualEncoder

CORNERS = torch.zeros(2, 4, 4)
CORNERS[0, 0, 0] = CORNERS[1, 3, 0] = 1  # first axis from left to right: upper left, upper right


class Spotlights(nn.Module):
    """One map a corner, which is blind elsewhere."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(()))

    def forward(self, image):
        return self.scale * nn.functional.avg_pool2d(image, 2) * CORNERS


class LooksAtCorners(nn.Module):
    """Class 0 is named by the upper left corner, class 1 by the upper right one."""

    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(OrderedDict(layer4=Spotlights()))

    def forward(self, image):
        return self.encoder(image).flatten(2).mean(dim=2)


def evaluate(network, images, asked):
    items = [{"image": image, "asked": number} for image, number in zip(images, asked, strict=True)]
    outputs = []
    evaluator = SupervisedEvaluator(
        device=torch.device("cpu"),
        val_data_loader=DataLoader(Dataset(items), batch_size=2),
        network=network,
        inferer=CamInferer(),
        prepare_batch=PrepareBatchExtraInput("asked"),
        postprocessing=lambda item: outputs.append(item["pred"]) or item,
    )
    evaluator.run()
    return outputs


def test_the_map_peaks_where_the_network_looks():
    image = torch.ones(1, 8, 8)
    image[:, 4:] = 2  # the right half is brighter: class 1
    outputs = evaluate(LooksAtCorners(), [image, image, image], asked=[0, 1, -1])
    assert [int(output["shown"]) for output in outputs] == [0, 1, 1]
    peaks = [np.unravel_index(int(output["heat"].argmax()), (1, 8, 8)) for output in outputs]
    assert peaks == [(0, 0, 0), (0, 7, 0), (0, 7, 0)]
    assert all((output["heat"].min(), output["heat"].max()) == (0, 1) for output in outputs)
    assert outputs[0]["scores"].tolist() == [1 / 16, 2 / 16]


def test_nothing_that_speaks_for_a_class_is_a_cold_map():
    (output,) = evaluate(LooksAtCorners(), [torch.zeros(1, 8, 8)], asked=[1])
    assert not output["heat"].any()


def test_images_of_a_batch_do_not_mix_and_the_network_stays_as_it_was():
    torch.manual_seed(0)
    network = ClassificationNetwork(ResidualEncoder(2, 1), 3)
    images = torch.rand(3, 1, 64, 96)
    before = [parameter.clone() for parameter in network.parameters()]
    together = evaluate(network, images, asked=[0, 2, -1])
    alone = [evaluate(network, images[i : i + 1], asked=[int(together[i]["shown"])])[0] for i in range(3)]
    for first, second in zip(together, alone, strict=True):
        assert torch.allclose(first["heat"], second["heat"], atol=1e-4)
        assert first["heat"].shape == (1, 64, 96)
    assert all(torch.equal(a, b) for a, b in zip(before, network.parameters(), strict=True))
    assert all(parameter.grad is None for parameter in network.parameters())


def test_one_inferer_hooks_a_network_once():
    network, inferer = LooksAtCorners().eval(), CamInferer()
    for _ in range(3):
        inferer(torch.ones(1, 1, 8, 8), network, torch.tensor([0]))
    assert len(network.encoder.layer4._forward_hooks) == 1


def test_an_unknown_layer_is_named():
    with pytest.raises(ValueError, match=r"'layer9'.*'encoder.layer4'"):
        CamInferer("layer9")(torch.ones(1, 1, 8, 8), LooksAtCorners(), torch.tensor([0]))
