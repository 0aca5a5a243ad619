"""The published backbone of Alice against its recorded numbers."""

import zlib

import numpy as np
import pytest
import torch

from medssl.geometry import offset_rows
from medssl.networks import MapHead, WindowDecoder, WindowEncoder
from medssl.networks.features import global_average
from medssl.weights.windowed import windowed_entries
from tests.golden.filling import value

TINY = {"head_channels": 2, "image_size": 32}


@pytest.fixture(scope="module")
def numbers(golden):
    return golden("alice/alice_golden.npz")


class Backbone(torch.nn.Module):
    """What the recorded program has: the restored volume beside the maps."""

    def __init__(self, width, **words):
        super().__init__()
        self.encoder = WindowEncoder(width=width, **words)
        self.decoder = WindowDecoder(self.encoder.channels, **words)
        self.volume = MapHead(3, width, out_channels=1, scale=2)

    def forward(self, image):
        features = self.encoder(image)
        maps = self.decoder.maps(features)
        named = {"cls": global_average(features[-1]), "bottleneck": features[-1], "recon": self.volume(maps[-1])}
        named["dec0"] = maps[0].permute(0, 1, 3, 4, 2)  # theirs comes turned
        return named | {f"skip{level}": features[level] for level in range(3)}


def filled(width, *, prefix="", factor=1.0, **words):
    network = Backbone(width, **words)
    state = network.state_dict()
    side = state["encoder.position"].shape[-1]
    table = value(f"{prefix}model_down.absolute_pos_embed", (1, side, side, side, width), norm=False)
    result = {"encoder.position": torch.from_numpy(table).movedim(-1, 1)}
    for entry in windowed_entries(state):
        if entry.ours in state:
            shape = tuple(state[entry.ours].shape)
            norm = "norm" in entry.published and entry.published.endswith("weight")
            made = torch.from_numpy(value(prefix + entry.published, shape, norm=norm))
            result[entry.ours] = made * factor if made.ndim > 1 else made
    network.load_state_dict(result)
    return network.eval()


def seeded(count, side):
    generator = np.random.Generator(np.random.PCG64(7))
    return torch.from_numpy(np.concatenate([generator.random((1, 1, side, side, side)) for _ in range(count)])).float()


def assert_close(ours, theirs, tolerance):
    np.testing.assert_allclose(ours.numpy(), theirs, rtol=0, atol=tolerance)


@pytest.mark.parametrize("masked", [False, True], ids=["whole", "masked"])
def test_tiny_backbone(numbers, masked):
    image = seeded(1, 32)
    if masked:
        hidden = torch.from_numpy(numbers["nnformer_tiny/mask"])
        image[torch.nn.functional.interpolate(hidden.float(), scale_factor=2).bool()] = 0
    network = filled(12, **TINY)
    with torch.no_grad():
        found = network(image)
        found["patch_embed"] = network.encoder.patches(image).movedim(-1, 1)
    found |= {name: found[name.removesuffix("_sub")][..., ::2, ::2, ::2] for name in ("skip0_sub", "recon_sub")}
    found["patch_embed"] = found["patch_embed"][..., ::2, ::2, ::2]
    prefix = "nnformer_tiny/masked_" if masked else "nnformer_tiny/"
    compared = [name for name in found if prefix + name in numbers]
    assert len(compared) == (4 if masked else 8)
    for name in compared:
        assert_close(found[name], numbers[prefix + name], 1e-5)


def test_sharp_backbone(numbers):
    with torch.no_grad():
        found = filled(12, factor=5.0, **TINY)(seeded(1, 32))
    found["recon_sub"] = found["recon"][..., ::2, ::2, ::2]
    for name in ("cls", "bottleneck", "dec0", "recon_sub"):
        assert_close(found[name], numbers[f"nnformer_sharp/{name}"], 2e-4)


def test_backbone_of_the_published_size(numbers):
    network = filled(48, prefix="backbone.")
    with torch.no_grad():
        found = network(seeded(2, 64))
    assert_close(found["cls"], numbers["e2e/raw_cls"], 1e-5)
    assert_close(found["bottleneck"][:, ::4], numbers["e2e/raw_bottleneck_sub"], 2e-5)
    assert_close(found["dec0"][:, ::8, ::2, ::2, ::2], numbers["e2e/raw_dec0_sub"], 2e-5)
    assert_close(found["recon"][..., ::8, ::8, ::8], numbers["e2e/raw_recon_sub"], 1e-5)


@pytest.mark.parametrize("side", [2, 4, 8])
def test_published_index(numbers, side):
    rows = offset_rows(side, compatible=True).reshape(side**3, side**3)
    crc = zlib.crc32(rows.numpy().astype("<i8").tobytes())
    facts = [crc, rows.max().item(), rows.unique().numel(), (2 * side - 1) ** 3]
    assert facts == numbers[f"nnformer_relpos/ws{side}_crc"].tolist()
    if side == 2:
        np.testing.assert_array_equal(rows, numbers["nnformer_relpos/ws2"])
