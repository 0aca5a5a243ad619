import json
import logging

import numpy as np
import pytest
import torch
from monai.networks.nets import ResNet

from medssl.networks import (
    ClassificationNetwork,
    ConvEncoder,
    EncoderFeatures,
    MapHead,
    MultiTaskNetwork,
    ProjectionHead,
    ResidualEncoder,
    SegmentationNetwork,
    UpsamplingDecoder,
)
from medssl.weights import convert_checkpoint, export_checkpoint, load_pretrained, verify_weights, write_weights

DECODER = (6, 5, 4, 3, 2)


@pytest.fixture
def bundle(tmp_path):
    (tmp_path / "bundles" / "some_bundle" / "configs").mkdir(parents=True)
    return tmp_path / "bundles" / "some_bundle"


def trained(state, prefix=""):
    """A file as the published trainers write it."""
    return {
        "epoch": 7,
        "state_dict": {prefix + key: value for key, value in state.items()},
        "optimizer_state_dict": {"state": {}, "param_groups": []},
        "num_epoch_no_improvement": 0,
        "best_loss": np.float64(0.1),
        "best_acc": np.float64(0.9),
    }


def residual(in_channels=1, classes=0):
    """Compact networks of ours with a residual encoder: to classify, or to restore and embed."""
    encoder = ResidualEncoder(2, in_channels, backbone="resnet10")
    if classes:
        return ClassificationNetwork(encoder, classes)
    return MultiTaskNetwork(
        encoder,
        UpsamplingDecoder(2, encoder.channels, decoder_channels=DECODER),
        map_heads={"volume": MapHead(2, DECODER[-1], out_channels=1, activation="sigmoid", kernel_size=3)},
        vector_heads={"embedding": ProjectionHead(512, widths=(5, 3))},
    )


def without(state, *words):
    return {key: value for key, value in state.items() if not key.startswith(words)}


@pytest.mark.parametrize("prefix", ["", "module.", "classficationNet.", "module.classficationNet."])
def test_published_file_fills_our_network(published, saved, bundle, network, prefix):
    state = published()
    path = convert_checkpoint(saved(trained(state, prefix), "chest_ct.pt"), to=bundle)
    assert path == bundle / "models" / "chest_ct.pt"
    load_pretrained(network, path, parts=["encoder", "decoder", "volume", "pattern"])
    torch.testing.assert_close(network.pattern.linear.weight.data, state["clc_out.fc1.weight"])
    torch.testing.assert_close(network.decoder.ups[2].deconv.bias.data, state["up_tr64.up_conv.bias"])
    facts = verify_weights(path)
    assert (facts["source"], facts["layout"], facts["tensors"], facts["dropped"]) == (
        "chest_ct.pt", "Genesis U-Net", 115, []
    )  # fmt: skip


def test_full_width_once(published, saved, tmp_path):
    path = convert_checkpoint(saved(trained(published(32, 1024, 44))), output=tmp_path / "ours.pt")
    assert json.loads(path.with_suffix(".json").read_text())["numbers"] == 33_277_613 + 6735
    load_pretrained(EncoderFeatures(ConvEncoder(3, 1, width=32, norm="batch")), path)


def test_restoration_only_file_has_no_head(published, saved, tmp_path):
    path = convert_checkpoint(saved(trained(without(published(), "clc_out"))), output=tmp_path / "ours.pt")
    assert len(torch.load(path)) == 106


def test_first_stage_file_gives_encoder_and_head(published, saved, tmp_path):
    first_stage = saved(trained(without(published(), "up_tr", "out_tr"), "module."))
    with pytest.raises(ValueError, match=r"all 115 tensors of encoder, decoder, volume, pattern, 50 are not there"):
        convert_checkpoint(first_stage, output=tmp_path / "ours.pt")
    path = convert_checkpoint(first_stage, output=tmp_path / "ours.pt", parts="encoder")
    assert len(torch.load(path)) == 65


def test_encoder_only_drops_the_decoder_and_says_so(published, saved, tmp_path, caplog):
    source = saved(trained(without(published(), "clc_out") | {"prototypes.weight": torch.ones(1)}))
    with caplog.at_level(logging.INFO):
        path = convert_checkpoint(source, output=tmp_path / "ours.pt", parts="encoder")
    assert len(torch.load(path)) == 56
    assert "56 tensors converted, 51 dropped: prototypes.weight, decoder" in caplog.text
    assert "use norm 'batch'" in caplog.text


@pytest.mark.parametrize(
    "key", ["down_tr64.ops.1.bn1.num_batches_tracked", "out_tr.final_conv.bias", "clc_out.fc1.bias"]
)
def test_one_missing_tensor_is_named(published, saved, tmp_path, key):
    with pytest.raises(ValueError, match=r"115 tensors.*1 are not there: (encoder|volume|pattern)\."):
        convert_checkpoint(saved(trained(without(published(), key))), output=tmp_path / "ours.pt")
    assert not (tmp_path / "ours.pt").exists()


def test_nothing_is_overwritten(published, saved, bundle):
    source = saved(published())
    convert_checkpoint(source, to=bundle)
    with pytest.raises(ValueError, match=r"weights\.pt is there already"):
        convert_checkpoint(source, to=bundle)


def test_bundle_by_name(published, saved, bundle, monkeypatch):
    monkeypatch.chdir(bundle.parents[1])
    assert convert_checkpoint(saved(published()), to="some_bundle").is_file()
    with pytest.raises(ValueError, match=r"needs a bundle's folder.*'other'"):
        convert_checkpoint(saved(published()), to="other")


def test_unknown_parts(tmp_path):
    with pytest.raises(ValueError, match=r"\['encoder', 'encoder_decoder'\], got 'all'"):
        convert_checkpoint(tmp_path / "a.pt", parts="all")


def test_there_and_back_again(published, saved, tmp_path):
    state = published()
    ours = convert_checkpoint(saved(trained(state)), output=tmp_path / "ours.pt")
    theirs = torch.load(export_checkpoint(ours, tmp_path / "theirs.pt"))["state_dict"]
    torch.testing.assert_close(theirs, state, rtol=0, atol=0)


def test_export_of_a_pretrained_network_is_in_single_precision(network, published, tmp_path):
    path = export_checkpoint(write_weights(tmp_path / "ours.pt", network, half=True), tmp_path / "theirs.pt")
    state = torch.load(path)["state_dict"]
    assert sorted(state) == sorted(published())
    assert {tensor.dtype for tensor in state.values()} == {torch.float32, torch.int64}


def test_export_refuses_other_networks(network, tmp_path):
    shallow = EncoderFeatures(ConvEncoder(3, 1, width=2, levels=3))
    with pytest.raises(ValueError, match=r"14 are not there: encoder\.levels\.3\.0"):
        export_checkpoint(write_weights(tmp_path / "a.pt", shallow), tmp_path / "b.pt")
    other = {key: value for key, value in network.state_dict().items() if not key.startswith("decoder.ups")}
    with pytest.raises(ValueError, match=r"6 are not there: decoder\.ups"):
        export_checkpoint(write_weights(tmp_path / "a.pt", other), tmp_path / "b.pt")
    with pytest.raises(ValueError, match="got names weight, bias"):
        export_checkpoint(write_weights(tmp_path / "c.pt", torch.nn.Linear(1, 1)), tmp_path / "b.pt")


@pytest.mark.parametrize("whole", [False, True], ids=["unet.pth", "checkpoint.pth"])
def test_published_residual_unet_fills_our_network_and_comes_back(unet, contrasted, saved, tmp_path, whole):
    state = unet(width=64)
    content = {"epoch": 3, "arch": "resnet18", "best_loss": torch.tensor(0.5), "optimizer": {"state": {}}}
    content["state_dict"] = {f"module.{key}": value for key, value in contrasted(state, "backbone.").items()}
    ours = convert_checkpoint(saved(content if whole else state), output=tmp_path / "ours.pt")
    network = residual(in_channels=3)
    parts = ["encoder", "decoder", "volume", *(["embedding"] if whole else [])]
    load_pretrained(network, ours, parts=parts)
    back = torch.load(export_checkpoint(write_weights(tmp_path / "again.pt", network), tmp_path / "theirs.pth"))
    torch.testing.assert_close(back, state, rtol=0, atol=0)
    assert verify_weights(ours)["tensors"] == len(state) + 4 * whole
    assert len(verify_weights(ours)["dropped"]) == whole * (len(state) + 4 + 2)


def test_three_channels_are_kept_by_the_file_and_summed_by_the_network(unet, saved, tmp_path, caplog):
    state = unet(width=64)
    ours = convert_checkpoint(saved(state), output=tmp_path / "ours.pt")
    assert "three equal channels" in caplog.text
    assert torch.load(ours)["encoder.conv1.weight"].shape[1] == 3
    grey = load_pretrained(residual(), ours)
    torch.testing.assert_close(grey.encoder.conv1.weight.data, state["encoder.conv1.weight"].sum(1, keepdim=True))
    colour = torch.load(export_checkpoint(write_weights(tmp_path / "a.pt", grey), tmp_path / "b.pth", in_channels=3))
    assert colour["encoder.conv1.weight"].shape[1] == 3
    torch.testing.assert_close(colour["encoder.conv1.weight"].sum(1, keepdim=True), grey.encoder.conv1.weight.data)
    with pytest.raises(
        ValueError, match="for 2 input channels needs weights of 1 or 2, or in_channels 1, got weights of 3"
    ):
        export_checkpoint(ours, tmp_path / "c.pth", in_channels=2)


def test_residual_network_alone_has_no_decoder_to_convert(resnet, saved, tmp_path):
    source = saved(resnet())
    with pytest.raises(ValueError, match=r"a torchvision ResNet file never has decoder, volume; parts 'encoder' asks"):
        convert_checkpoint(source, output=tmp_path / "ours.pt")
    ours = torch.load(convert_checkpoint(source, output=tmp_path / "ours.pt", parts="encoder"))
    assert sorted(ours) == sorted(f"encoder.{key}" for key in resnet())


@pytest.mark.parametrize(
    "key",
    ["encoder.layer3.1.bn2.bias", "encoder.layer2.0.downsample.0.weight", "decoder.blocks.1.conv2.0.weight"],
)
def test_missing_tensor_of_a_residual_unet_is_named(unet, saved, tmp_path, key):
    state = without(unet(depths=(1, 1, 2, 1)), key)
    name = key.replace("conv2.0", "convs.conv_1.conv")
    with pytest.raises(ValueError, match=rf"146 tensors of encoder, decoder, volume, 1 are not there: {name};"):
        convert_checkpoint(saved(state), output=tmp_path / "ours.pt")


def test_residual_form_is_read_by_monai_and_gives_the_same(tmp_path):
    network = residual(in_channels=3, classes=4).eval()
    path = export_checkpoint(write_weights(tmp_path / "a.pt", network), tmp_path / "b.pth", form="resnet")
    words = {"conv1_t_stride": 2, "shortcut_type": "B", "bias_downsample": False, "spatial_dims": 2}
    usual = ResNet("basic", [1, 1, 1, 1], [64, 128, 256, 512], num_classes=4, **words).eval()
    usual.load_state_dict(torch.load(path))
    image = torch.rand(2, 3, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(usual(image), network(image), rtol=0, atol=1e-5)
        maps = usual.layer4(
            usual.layer3(usual.layer2(usual.layer1(usual.maxpool(usual.act(usual.bn1(usual.conv1(image)))))))
        )
        assert torch.equal(maps, network.encoder(image)[-1])


def test_residual_form_leaves_out_all_but_the_encoder(tmp_path, caplog):
    source = write_weights(tmp_path / "a.pt", residual(), half=True)
    with caplog.at_level(logging.INFO):
        state = torch.load(export_checkpoint(source, tmp_path / "b.pth", form="resnet", in_channels=3))
    assert len(state) == 72
    assert state["conv1.weight"].shape == (64, 3, 7, 7)
    assert state["conv1.weight"].dtype == torch.float32
    assert "72 tensors exported, 66 dropped: decoder.blocks.0" in caplog.text


def test_published_unet_gives_the_residual_network_in_it(unet, resnet, saved, tmp_path):
    state = torch.load(export_checkpoint(saved(unet()), tmp_path / "b.pth", form="resnet"))
    torch.testing.assert_close(state, resnet(), rtol=0, atol=0)


def test_network_with_shortcuts_without_weights_is_not_the_published_one(tmp_path):
    network = EncoderFeatures(ResidualEncoder(2, 3, backbone="resnet10"))
    state = {key: value for key, value in network.state_dict().items() if "downsample" not in key}
    with pytest.raises(ValueError, match=r"18 are not there: encoder\.layer2\.0\.downsample\.0\.weight"):
        export_checkpoint(write_weights(tmp_path / "a.pt", state), tmp_path / "b.pth", form="resnet")


def test_segmentation_network_goes_out_without_its_own_last_layer(tmp_path, caplog):
    encoder = ResidualEncoder(2, 1, backbone="resnet10")
    decoder = UpsamplingDecoder(2, encoder.channels, decoder_channels=DECODER)
    network = SegmentationNetwork(encoder, decoder, num_classes=2)
    with caplog.at_level(logging.INFO):
        state = torch.load(export_checkpoint(write_weights(tmp_path / "a.pt", network), tmp_path / "b.pth"))
    assert len(state) == 72 + 60
    assert "2 dropped: label.conv.weight, label.conv.bias" in caplog.text


def test_the_encoder_alone_keeps_its_names(tmp_path):
    source = write_weights(tmp_path / "a.pt", {"encoder.a": torch.ones(2, 2), "decoder.b": torch.ones(1)}, half=True)
    state = torch.load(export_checkpoint(source, tmp_path / "b.pt", form="encoder"))
    assert (list(state), state["encoder.a"].dtype) == (["encoder.a"], torch.float32)
    with pytest.raises(ValueError, match=r"leaves its channels as they are, got encoder\.a, .* and in_channels 3"):
        export_checkpoint(source, tmp_path / "b.pt", form="encoder", in_channels=3)


def test_export_needs_a_form_that_the_weights_have(network, tmp_path):
    source = write_weights(tmp_path / "a.pt", network)
    with pytest.raises(ValueError, match=r"one of \['embedding', 'encoder', 'resnet', 'unet'\], got 'onnx'"):
        export_checkpoint(source, tmp_path / "b.pt", form="onnx")
    with pytest.raises(
        ValueError, match=r"form 'resnet' needs weights of ours with encoder\.conv1\.weight, got encoder\.lev"
    ):
        export_checkpoint(source, tmp_path / "b.pt", form="resnet")
    source = write_weights(tmp_path / "c.pt", {"encoder.other": torch.ones(1)})
    with pytest.raises(ValueError, match=r"export needs weights of ours with encoder\.levels.* got encoder\.other"):
        export_checkpoint(source, tmp_path / "b.pt")
