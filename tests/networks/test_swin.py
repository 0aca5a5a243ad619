import pytest
import torch
from monai.networks.nets import SwinUNETR

from medssl.networks import SegmentationNetwork, SwinDecoder, SwinEncoder

NAMES = {"swinViT": "encoder", "encoder10": "decoder.bottom", "out.conv": "label"}
NAMES |= {f"encoder{place}": f"decoder.skips.{5 - place}" for place in range(1, 5)}
NAMES |= {f"decoder{place}": f"decoder.ups.{5 - place}" for place in range(1, 6)}


def renamed(key):
    theirs = next(name for name in sorted(NAMES, reverse=True) if key.startswith(f"{name}."))
    return NAMES[theirs] + key.removeprefix(theirs)


def network(spatial_dims=2, **words):
    encoder = SwinEncoder(width=12, spatial_dims=spatial_dims, dropout=words.get("dropout", 0.0))
    decoder = SwinDecoder(encoder.channels, spatial_dims=spatial_dims, **words)
    return SegmentationNetwork(encoder, decoder, num_classes=2)


@pytest.mark.parametrize("size", [(64, 64), (64, 32, 32)], ids=["plane", "volume"])
def test_it_is_the_swin_unetr_of_monai(size):
    torch.manual_seed(0)
    theirs = SwinUNETR(1, 2, feature_size=12, spatial_dims=len(size)).eval()
    ours = network(len(size)).eval()
    ours.load_state_dict({renamed(key): value for key, value in theirs.state_dict().items()})
    image = torch.rand(1, 1, *size)
    with torch.no_grad():
        assert torch.equal(ours(image), theirs(image))


def test_maps_and_their_sizes():
    ours = network()
    features = ours.encoder(torch.rand(2, 1, 64, 96))
    assert ours.encoder.channels == (1, 12, 24, 48, 96, 192)
    assert [tuple(one.shape[1:]) for one in features] == [
        (1, 64, 96), (12, 32, 48), (24, 16, 24), (48, 8, 12), (96, 4, 6), (192, 2, 3)
    ]  # fmt: skip
    maps = ours.decoder.maps(features)
    assert [tuple(one.shape[1:]) for one in maps] == [
        (96, 4, 6), (48, 8, 12), (24, 16, 24), (12, 32, 48), (12, 64, 96)
    ]  # fmt: skip
    assert ours.decoder.map_channels == (96, 48, 24, 12, 12)
    first = ours.decoder.maps(features, 2)
    assert len(first) == 2
    assert torch.equal(first[1], maps[1])


@pytest.mark.parametrize("part", ["encoder", "decoder"])
def test_dropout_acts_in_training_only(part):
    dropping = network(dropout=0.5).eval()
    image = torch.rand(1, 1, 64, 64)
    assert torch.equal(dropping(image), dropping(image))
    getattr(dropping, part).train()
    assert not torch.equal(dropping(image), dropping(image))


def test_sizes_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="width that is a multiple of 12, got 8"):
        SwinEncoder(width=8)
    with pytest.raises(ValueError, match=r"each a multiple of 32, got \[1, 1, 64, 48\]; crop or pad"):
        network().encoder(torch.zeros(1, 1, 64, 48))


def test_a_coarsest_map_of_one_cell_is_refused_where_it_is_compared():
    small = torch.rand(2, 1, 32, 32)
    with pytest.raises(ValueError, match=r"map of two cells or more.* got one of images \[32, 32\]; give images of wh"):
        network()(small)
    assert network(norm="running").eval()(small).shape == (2, 2, 32, 32)
    assert network().encoder(small)[-1].shape == (2, 192, 1, 1)
