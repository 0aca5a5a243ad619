"""A frozen encoder and what it says."""

import pytest
import torch

from medssl.networks import ClassificationNetwork, ConvEncoder
from medssl.study import frozen
from medssl.study.frozen import Frozen, chosen_voxels

IMAGES = torch.rand(3, 1, 8, 8, 4, generator=torch.Generator().manual_seed(0))


class Workflow:
    """Parts of a config, as far as a frozen encoder asks for them."""

    def __init__(self, **parts):
        self.parser = self
        self.parts = {"device": "cpu", "batch_size": 2, "num_workers": 0, "validate#inferer": call, **parts}

    def get_parsed_content(self, name):
        return self.parts[name]


def call(image, network):
    return network(image)


def read(case):
    return {"image": IMAGES[case["number"]], "label": (IMAGES[case["number"]] > 0.9).long()}


@pytest.fixture
def cases(tmp_path):
    for number in range(3):
        for kind in ("image", "label"):
            (tmp_path / f"{kind}{number}.nii").write_bytes(b"")
    return [
        {**{kind: str(tmp_path / f"{kind}{number}.nii") for kind in ("image", "label")}, "number": number}
        for number in range(3)
    ]


@pytest.mark.parametrize("by_slice", [False, True], ids=["volumes", "stacks"])
def test_vectors_are_means_of_the_coarsest_map(cases, tmp_path, by_slice):
    encoder = ConvEncoder(spatial_dims=2 if by_slice else 3, in_channels=1, width=2, levels=2)
    network = ClassificationNetwork(encoder, 2, by_slice=by_slice)
    made = Frozen(
        Workflow(network=network, **{"validate#preprocessing": read}), folder=tmp_path / "features", made_so="x"
    )
    with torch.no_grad():
        if by_slice:
            expected = torch.stack([encoder(image.movedim(-1, 0))[-1].mean(dim=(0, 2, 3)) for image in IMAGES])
        else:
            expected = encoder(IMAGES)[-1].mean(dim=(2, 3, 4))
    assert torch.allclose(made.vectors(cases), expected, atol=1e-5)


def test_samples_follow_the_label(cases, tmp_path, monkeypatch):
    network = torch.nn.ModuleDict({"encoder": ConvEncoder(spatial_dims=3, in_channels=1, width=2, levels=2)})
    parts = {"network": network, "validate#preprocessing": lambda case: {**read(case), "label": drawn[0]}}
    made, drawn = Frozen(Workflow(**parts), folder=tmp_path / "features", made_so="x"), [torch.zeros(1, 8, 8, 4)]
    assert made.samples(cases[:1])[0][:, 0].unique().tolist() == [0]
    drawn[0] = torch.ones(1, 8, 8, 4)
    (tmp_path / "label0.nii").write_bytes(b"changed")
    assert made.samples(cases[:1])[0][:, 0].unique().tolist() == [1]


def test_samples_are_a_class_and_what_all_maps_say(cases, tmp_path):
    encoder = ConvEncoder(spatial_dims=3, in_channels=1, width=2, levels=2)
    network = torch.nn.ModuleDict({"encoder": encoder})
    made = Frozen(
        Workflow(network=network, **{"validate#preprocessing": read}), folder=tmp_path / "features", made_so="x"
    )
    first = made.samples(cases[:1])[0]
    label = (IMAGES[0] > 0.9).long().flatten()
    places = chosen_voxels(label)
    with torch.no_grad():
        finest = encoder(IMAGES[:1])[0][0].flatten(1)[:, places]
    assert torch.equal(first[:, 0].long(), label[places])
    assert first.shape[1] == 1 + sum(encoder.channels)
    assert torch.allclose(first[:, 1 : 1 + len(finest)], finest.T, atol=2e-3)  # kept in half precision


def test_voxels_are_chosen_alike_from_each_class(monkeypatch):
    monkeypatch.setattr(frozen, "VOXELS", 3)
    label = torch.tensor([0] * 50 + [1] * 10 + [2] * 2)
    places = chosen_voxels(label)
    assert label[places].bincount().tolist() == [6, 3, 2]
    assert torch.equal(places, chosen_voxels(label))
    assert len(places.unique()) == 11
