"""Files with the published names and values, converted and loaded, give the published numbers; and back again."""

import shutil

import numpy as np
import pytest
import torch
from monai.networks.nets import resnet50

from medssl.networks import (
    ClassificationNetwork,
    MapHead,
    MultiTaskNetwork,
    ProjectionHead,
    ResidualEncoder,
    UpsamplingDecoder,
)
from medssl.weights import convert_checkpoint, export_checkpoint, load_pretrained, load_weights, write_weights
from tests.golden.filling import value

DECODER = (256, 128, 64, 32, 16)
TASKS = ["encoder", "decoder", "volume", "embedding"]


@pytest.fixture(scope="module")
def numbers(golden):
    return golden("dira/network.npz")


@pytest.fixture(scope="module")
def unet(numbers):
    return filled(numbers, "unet")


@pytest.fixture(scope="module")
def head(numbers):
    return filled(numbers, "head")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("large")
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="module")
def converted(unet, head, folder):
    """The file of our names, from a training checkpoint of the published layout."""
    query = {f"backbone.{key}": tensor for key, tensor in unet.items()} | head
    state = {f"module.encoder_q.{key}": tensor for key, tensor in query.items()}
    state |= {f"module.encoder_k.{key}": tensor for key, tensor in query.items()}
    state |= {"module.queue": torch.rand(128, 4), "module.queue_ptr": torch.zeros(1, dtype=torch.long)}
    assert len(state) == 770
    whole = {"epoch": 1200, "arch": "resnet50", "state_dict": state, "optimizer": {"state": {}}, "best_loss": 0.1}
    torch.save(whole, folder / "checkpoint.pth")
    return convert_checkpoint(folder / "checkpoint.pth", output=folder / "ours.pt")


@pytest.fixture(scope="module")
def network(converted):
    network = empty_network()
    network.load_state_dict(torch.load(converted))
    return network.eval()


@pytest.fixture(scope="module")
def classifier(unet):
    """Encoder of the U-Net and a layer for 14 classes, read from a file with the names of a usual ResNet."""
    state = {key.removeprefix("encoder."): tensor for key, tensor in unet.items() if key.startswith("encoder.")}
    state |= {"fc.weight": values("fc.weight", (14, 2048)), "fc.bias": values("fc.bias", (14,))}
    network = ClassificationNetwork(ResidualEncoder(2, 3, backbone="resnet50"), 14)
    report = load_weights(network, state, parts=["encoder", "category"])
    assert (len(report.loaded), report.total, report.encoder_percent) == (320, 320, 100)
    return network.eval()


def filled(numbers, name):
    sizes = dict(zip(numbers[f"{name}_keys"].tolist(), numbers[f"{name}_shapes"].tolist(), strict=True))
    return {
        key: values(key, tuple(map(int, shape.split("x"))) if shape else (), norms=sizes)
        for key, shape in sizes.items()
    }


def values(key, shape, norms=()):
    of_norm = key.endswith("running_var") or (
        key.endswith(".weight") and key[: -len("weight")] + "running_var" in norms
    )
    return torch.from_numpy(value(key, shape, norm=of_norm))


def empty_network(in_channels=3):
    encoder = ResidualEncoder(2, in_channels, backbone="resnet50")
    return MultiTaskNetwork(
        encoder,
        UpsamplingDecoder(2, encoder.channels, decoder_channels=DECODER),
        map_heads={"volume": MapHead(2, DECODER[-1], out_channels=1, activation="sigmoid", kernel_size=3)},
        vector_heads={"embedding": ProjectionHead(2048, widths=(2048, 128))},
    )


def image(numbers):
    made = np.random.Generator(np.random.PCG64(7)).random((1, 3, 64, 64)).astype(np.float32)
    np.testing.assert_array_equal(made.flatten()[:16], numbers["net_in_head"])
    return torch.from_numpy(made)


def assert_close(actual, expected, tolerance):
    np.testing.assert_allclose(actual.numpy(), expected, rtol=0, atol=tolerance)


def test_fill(numbers, unet, head):
    sums = np.concatenate([numbers["unet_fill_sums"], numbers["head_fill_sums"]])
    for tensor, (total, absolute) in zip([*unet.values(), *head.values()], sums, strict=True):
        assert tensor.double().sum().item() == pytest.approx(total, rel=1e-6, abs=1e-6)
        assert tensor.double().abs().sum().item() == pytest.approx(absolute, rel=1e-6)


def test_outputs_of_a_converted_checkpoint(numbers, network):
    with torch.no_grad():
        features = network.encoder(image(numbers))
        finest = network.decoder(features)
        for level, feature in enumerate(features, start=1):
            assert_close(feature.flatten()[:16], numbers[f"net_f{level}_head"], 1e-3)
        assert_close(features[-1], numbers["net_f5"], 1e-3)
        assert_close(network.embedding(features), numbers["net_feat"], 5e-3)
        assert_close(network.volume.conv(finest), numbers["net_logits"], 5e-3)
        assert_close(network.volume(finest), numbers["net_rec"], 5e-4)


def test_published_unet_loads_unconverted(network, unet):
    target = empty_network()
    report = load_weights(target, unet, parts=TASKS[:3])
    assert (len(report.loaded), len(report.missing), report.encoder_percent) == (380, 4, 100)
    expected = network.state_dict()
    assert all(torch.equal(tensor, expected[key]) for key, tensor in target.state_dict().items() if "embed" not in key)


def test_grey_network_gives_the_same_by_the_sum_of_three_channels(network, converted):
    grey = load_pretrained(empty_network(in_channels=1), converted, parts=TASKS).eval()
    picture = torch.rand(1, 1, 64, 64, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        expected = network(picture.expand(-1, 3, -1, -1))
        found = grey(picture)
    for task, tolerance in (("embedding", 5e-3), ("volume", 5e-4)):
        torch.testing.assert_close(found[task], expected[task], rtol=0, atol=tolerance)


def test_there_and_back_again(converted, unet, folder):
    back = torch.load(export_checkpoint(converted, folder / "unet.pth"))
    assert sorted(back) == sorted(unet)
    assert all(torch.equal(tensor, unet[key]) for key, tensor in back.items())
    usual = torch.load(export_checkpoint(converted, folder / "resnet50.pth", form="resnet"))
    assert len(usual) == 318
    assert all(torch.equal(tensor, unet[f"encoder.{key}"]) for key, tensor in usual.items())


def test_classifier_here_and_in_monai(numbers, classifier, folder):
    source = write_weights(folder / "classifier.pt", classifier)
    usual = resnet50(
        pretrained=False,
        spatial_dims=2,
        n_input_channels=3,
        num_classes=14,
        conv1_t_stride=2,
        shortcut_type="B",
        bias_downsample=False,
    ).eval()
    usual.load_state_dict(torch.load(export_checkpoint(source, folder / "classifier.pth", form="resnet")))
    with torch.no_grad():
        assert_close(classifier(image(numbers)), numbers["cls_logits"], 5e-3)
        assert_close(usual(image(numbers)), numbers["cls_logits"], 5e-3)
        coarsest = classifier.encoder(image(numbers))[-1]
        usual.fc = torch.nn.Identity()
        assert torch.equal(usual(image(numbers)), usual.avgpool(coarsest).flatten(1))


def test_segmentation_models_reads_what_we_write(numbers, network, converted, folder):
    package = pytest.importorskip("segmentation_models_pytorch", reason="an extra: pip install 'medssl[exchange]'")
    words = {"encoder_weights": None, "classes": 1, "activation": "sigmoid", "decoder_channels": DECODER}
    theirs = package.Unet("resnet50", in_channels=3, **words).eval()
    theirs.load_state_dict(torch.load(export_checkpoint(converted, folder / "for_smp.pth")))
    with torch.no_grad():
        assert_close(theirs(image(numbers)), numbers["net_rec"], 5e-4)
        torch.testing.assert_close(theirs(image(numbers)), network(image(numbers))["volume"], rtol=0, atol=5e-4)


def test_torchvision_reads_what_we_write(numbers, classifier, folder):
    models = pytest.importorskip("torchvision.models", reason="an extra: pip install 'medssl[exchange]'")
    source = write_weights(folder / "for_torchvision.pt", classifier)
    theirs = models.resnet50(weights=None, num_classes=14).eval()
    theirs.load_state_dict(torch.load(export_checkpoint(source, folder / "for_torchvision.pth", form="resnet")))
    with torch.no_grad():
        assert_close(theirs(image(numbers)), numbers["cls_logits"], 5e-3)
