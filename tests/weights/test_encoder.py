import json

import pytest
import torch

from medssl.networks import EncoderFeatures, WindowEncoder
from medssl.weights import load_encoder, read_checkpoint, write_weights
from tests.bundles.reading import FOLDERS

WINDOWS = "medssl.networks.WindowEncoder"
ENCODER = {
    "_target_": "medssl.networks.ConvEncoder",
    "spatial_dims": 3,
    "in_channels": 1,
    "width": "@width",
    "norm": "batch",
}
CONFIG = {
    "bundle_root": ".",
    "width": 2,
    "package": {"_target_": "medssl.weights.require_package", "version": "0.1.0"},
    "network_def": {"_target_": "medssl.networks.EncoderFeatures", "_requires_": "@package", "encoder": ENCODER},
    "preprocessing": {
        "_target_": "Compose",
        "transforms": [{"_target_": "ScaleIntensityRange", "a_min": 0, "a_max": 4, "b_min": 0, "b_max": 1}],
    },
}


@pytest.fixture
def bundle(tmp_path, network):
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "features.json").write_text(json.dumps(CONFIG))
    write_weights(tmp_path / "models" / "pretrained.pt", network)
    return tmp_path


def test_three_lines(bundle, network):
    encoder, preprocessing = load_encoder(bundle)
    image = preprocessing(4 * torch.rand(1, 16, 16, 8))
    maps = encoder(image[None])
    assert not encoder.training
    torch.testing.assert_close(maps, network.eval().encoder(image[None]))
    assert image.max() <= 1


def test_other_weights(bundle, network):
    own = write_weights(bundle / "own.pt", {key: 2 * value for key, value in network.state_dict().items()})
    encoder, _ = load_encoder(bundle, own)
    torch.testing.assert_close(encoder.levels[0][0].conv.bias, 2 * network.encoder.levels[0][0].conv.bias)


def test_scratch_needs_no_file(bundle):
    (bundle / "models" / "pretrained.pt").unlink()
    assert load_encoder(bundle, "scratch")[0].channels == (4, 8, 16, 32)
    with pytest.raises(ValueError, match=r"there is none at .*pretrained\.pt"):
        load_encoder(bundle)


def test_encoder_with_windows(bundle):
    words = {"width": "@width", "head_channels": 2, "image_size": 32}
    config = {**CONFIG, "network_def": {**CONFIG["network_def"], "encoder": {"_target_": WINDOWS, **words}}}
    (bundle / "configs" / "features.json").write_text(json.dumps(config))
    network = EncoderFeatures(WindowEncoder(width=2, head_channels=2, image_size=32)).eval()
    network.encoder.position.normal_()
    own = write_weights(bundle / "own.pt", network)
    encoder, _ = load_encoder(bundle, own)
    image = torch.rand(1, 1, 48, 32, 32)
    torch.testing.assert_close(encoder(image), network.encoder(image))


def test_no_bundle(tmp_path):
    with pytest.raises(ValueError, match=r"needs a bundle's folder with configs/features\.json"):
        load_encoder(tmp_path)


@pytest.mark.parametrize(
    "folder", [one for one in FOLDERS if (one / "models/pretrained.pt").is_file()], ids=lambda folder: folder.name
)
def test_of_every_bundle_whose_weights_ship(folder):
    encoder, preprocessing = load_encoder(folder)
    shipped = read_checkpoint(folder / "models/pretrained.pt")
    for key, tensor in encoder.state_dict().items():
        torch.testing.assert_close(tensor, shipped[f"encoder.{key}"].to(tensor.dtype))
    maps = encoder(torch.rand(1, 1, *[64] * encoder.spatial_dims))
    assert [one.shape[1] for one in maps] == [*encoder.channels]
    assert len(preprocessing.transforms) > 1
