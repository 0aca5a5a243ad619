import logging

import pytest
import torch

from medssl.networks import (
    ConvDecoder,
    ConvEncoder,
    EncoderFeatures,
    ResidualEncoder,
    SegmentationNetwork,
    UpsamplingDecoder,
)
from medssl.weights import load_pretrained, load_weights, write_weights


def encoder(in_channels=1, norm="batch"):
    return ConvEncoder(3, in_channels, width=2, norm=norm)


def segmentation(num_classes=2, in_channels=1, norm="batch"):
    parts = encoder(in_channels, norm)
    return SegmentationNetwork(parts, ConvDecoder(3, parts.channels, norm=norm), num_classes=num_classes)


@pytest.fixture
def pretrained(network, tmp_path):
    return write_weights(tmp_path / "pretrained.pt", network)


def assert_same(network, state, parts=("encoder", "decoder")):
    for key, value in network.state_dict().items():
        if key.split(".")[0] in parts:
            torch.testing.assert_close(value, state[key], rtol=0, atol=0)


def test_scratch_leaves_the_network_alone_and_says_so(network, caplog):
    before = {key: value.clone() for key, value in network.state_dict().items()}
    with caplog.at_level(logging.INFO):
        assert load_pretrained(network, "scratch") is network
    torch.testing.assert_close(network.state_dict(), before)
    assert "random values" in caplog.text


def test_encoder_and_decoder_come_and_the_report_says_what_did_not(network, pretrained, caplog):
    target = segmentation()
    with caplog.at_level(logging.INFO):
        assert load_pretrained(target, pretrained) is target
    assert_same(target, network.state_dict())
    assert "pretrained.pt: loaded 104 of 106 tensors (100 % of the encoder's parameters)" in caplog.text
    assert "2 left fresh: label.conv.weight (not in the file), label.conv.bias" in caplog.text
    assert "11 unused: volume.conv.weight" in caplog.text


def test_other_classes_load_all_but_the_last_layer(tmp_path, caplog):
    path = write_weights(tmp_path / "model.pt", segmentation(2))
    target = segmentation(9)
    with caplog.at_level(logging.INFO):
        load_pretrained(target, path)
    assert "left fresh: label.conv.weight (file (2, 4, 1, 1, 1), network (9, 4, 1, 1, 1))" in caplog.text
    again = segmentation(2)
    load_pretrained(again, path)
    assert_same(again, torch.load(path), parts=("encoder", "decoder", "label"))


def test_a_part_may_start_fresh_all_the_same(network, pretrained, caplog):
    target = segmentation()
    before = {key: value.clone() for key, value in target.state_dict().items()}
    with caplog.at_level(logging.INFO):
        load_pretrained(target, pretrained, fresh=["decoder"])
    assert_same(target, network.state_dict(), parts=("encoder",))
    assert_same(target, before, parts=("decoder", "label"))
    assert "unused: decoder." in caplog.text


def test_an_unknown_part_cannot_start_fresh(pretrained):
    with pytest.raises(ValueError, match="has no decodr to start fresh; it has encoder, decoder, label"):
        load_pretrained(segmentation(), pretrained, fresh=["decodr"])


def test_network_without_decoder_needs_none(network, pretrained):
    target = EncoderFeatures(encoder())
    load_pretrained(target, pretrained)
    assert_same(target, network.state_dict())


def test_file_without_decoder_is_an_error_unless_only_the_encoder_is_wanted(network):
    state = {key: value for key, value in network.state_dict().items() if key.startswith("encoder.")}
    target = segmentation()
    before = {key: value.clone() for key, value in target.state_dict().items()}
    with pytest.raises(
        ValueError, match=r"encoder and decoder .* 48 do not come from it: decoder\.ups\.0\.deconv\.weight"
    ):
        load_weights(target, state)
    torch.testing.assert_close(target.state_dict(), before)
    assert len(load_weights(target, state, parts=["encoder"]).loaded) == 56


def test_other_width_is_an_error_with_both_shapes(network, pretrained):
    wide = EncoderFeatures(ConvEncoder(3, 1, width=4, norm="batch"))
    with pytest.raises(ValueError, match=r"conv\.weight \(file \(2, 1, 3, 3, 3\), network \(4, 1, 3, 3, 3\)\)"):
        load_pretrained(wide, pretrained)


def test_missing_statistics_are_an_error():
    state = EncoderFeatures(encoder(norm="instance")).state_dict()
    with pytest.raises(ValueError, match="running_mean"):
        load_weights(EncoderFeatures(encoder(norm="running")), state)


def test_one_channel_becomes_several(network):
    target = EncoderFeatures(encoder(in_channels=3)).eval()
    report = load_weights(target, network.state_dict())
    image = torch.rand(2, 1, 16, 16, 8)
    torch.testing.assert_close(target.encoder(image.expand(-1, 3, -1, -1, -1)), network.encoder.eval()(image))
    assert report.encoder_percent == 100
    assert report.reshaped == ["encoder.levels.0.0.conv.weight (from 1 to 3 input channels, repeated and divided by 3)"]


def test_several_channels_become_one():
    colour, grey = EncoderFeatures(encoder(in_channels=3)).eval(), EncoderFeatures(encoder()).eval()
    report = load_weights(grey, colour.state_dict())
    image = torch.rand(2, 1, 16, 16, 8)
    torch.testing.assert_close(grey(image), colour(image.expand(-1, 3, -1, -1, -1)))
    assert "summed" in report.reshaped[0]


def test_three_channels_do_not_become_two():
    with pytest.raises(ValueError, match=r"file \(2, 3, 3, 3, 3\), network \(2, 2, 3, 3, 3\)"):
        load_weights(EncoderFeatures(encoder(2)), EncoderFeatures(encoder(3)).state_dict())


def test_half_precision_file_becomes_what_the_network_is(network, tmp_path):
    path = write_weights(tmp_path / "half.pt", network, half=True)
    target = segmentation()
    load_pretrained(target, path)
    assert target.encoder.levels[0][0].conv.weight.dtype == torch.float32
    torch.testing.assert_close(
        target.encoder.levels[0][0].conv.weight, network.encoder.levels[0][0].conv.weight, rtol=1e-3, atol=1e-3
    )


@pytest.mark.parametrize("prefix", ["", "module.", "classficationNet."])
def test_published_names_are_understood_on_the_fly(published, saved, caplog, prefix):
    state = published()
    path = saved({"epoch": 1, "state_dict": {prefix + key: value for key, value in state.items()}})
    target = segmentation()
    load_pretrained(target, path)
    torch.testing.assert_close(target.encoder.levels[1][0].conv.weight, state["down_tr128.ops.0.conv1.weight"])
    assert "use norm 'batch'" in caplog.text


def test_wrapped_network_of_ours(network):
    state = {f"module._orig_mod.{key}": value for key, value in network.state_dict().items()}
    assert len(load_weights(segmentation(), state).loaded) == 104


def test_network_of_other_parts_is_refused(network):
    with pytest.raises(ValueError, match="needs a network with encoder or decoder, got one with weight, bias"):
        load_weights(torch.nn.Linear(1, 1), network.state_dict())


def test_unknown_layout(saved):
    with pytest.raises(ValueError, match=r"got names backbone\.conv"):
        load_pretrained(segmentation(), saved({"backbone.conv": torch.ones(1)}))


def grey_segmentation():
    parts = ResidualEncoder(2, 1, backbone="resnet10")
    decoder = UpsamplingDecoder(2, parts.channels, decoder_channels=(6, 5, 4, 3, 2))
    return SegmentationNetwork(parts, decoder, num_classes=2)


def test_published_residual_unet_loads_as_it_is(unet, saved, caplog):
    state = unet(width=64)
    target = grey_segmentation()
    with caplog.at_level(logging.INFO):
        load_pretrained(target, saved(state, "unet.pth"))
    assert "unet.pth: loaded 132 of 134 tensors (100 % of the encoder's parameters)" in caplog.text
    assert "2 left fresh: label.conv.weight (not in the file), label.conv.bias" in caplog.text
    assert "1 reshaped: encoder.conv1.weight (from 3 to 1 input channels, summed)" in caplog.text
    joined = target.decoder.blocks[3].convs.conv_0.conv.weight.data
    published = state["decoder.blocks.3.conv1.0.weight"]
    torch.testing.assert_close(joined, torch.cat([published[:, -64:], published[:, :-64]], dim=1), rtol=0, atol=0)


def test_file_of_a_residual_encoder_alone_fills_all_of_it(resnet, contrasted):
    state = resnet(width=64)
    for file in (state, contrasted(state), {f"module.{key}": value for key, value in state.items()}):
        target = grey_segmentation()
        report = load_weights(target, file, parts=["encoder"])
        assert report.encoder_percent == 100
        assert len(report.loaded) == 72
        torch.testing.assert_close(target.encoder.layer4[0].conv2.weight.data, state["layer4.0.conv2.weight"])
    with pytest.raises(ValueError, match=r"60 do not come from it: decoder\.blocks\.0"):
        load_weights(grey_segmentation(), state)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            {"depths": (1, 2, 1, 1)},
            r"a place for every weight of encoder, there is none for 2: encoder\.layer2\.1\.conv1\.weight",
        ),
        ({"bottleneck": True}, r"layer1\.0\.conv1\.weight \(file \(64, 64, 1, 1\), network \(64, 64, 3, 3\)\)"),
    ],
    ids=["deeper", "bottlenecks"],
)
def test_residual_encoder_of_another_depth_is_an_error(resnet, words, message):
    target = grey_segmentation()
    before = {key: value.clone() for key, value in target.state_dict().items()}
    with pytest.raises(ValueError, match=message):
        load_weights(target, resnet(width=64, **words), parts=["encoder"])
    torch.testing.assert_close(target.state_dict(), before)
