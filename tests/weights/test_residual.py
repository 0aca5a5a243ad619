import re

import pytest
import torch
from monai.networks.nets import FlexibleUNet, ResNet
from torch.nn.functional import conv2d

from medssl.weights import find_layout
from medssl.weights.residual import CONTRASTED_UNET, RESIDUAL_UNET, RESNET

DEPTHS = {"resnet10": [1, 1, 1, 1], "resnet18": [2, 2, 2, 2], "resnet34": [3, 4, 6, 3], "resnet50": [3, 4, 6, 3]}
DEPTHS |= {"resnet101": [3, 4, 23, 3], "resnet152": [3, 8, 36, 3]}
BASIC = ("resnet10", "resnet18", "resnet34")


def shapes(state):
    return {key: tuple(tensor.shape) for key, tensor in state.items()}


def table(layout, state, side):
    return {getattr(entry, side): entry.shape for entry in layout.entries(state)}


@pytest.mark.parametrize(
    ("backbone", "tensors"),
    [("resnet10", 74), ("resnet18", 122), ("resnet34", 218), ("resnet50", 320), ("resnet101", 626), ("resnet152", 932)],
)
def test_usual_residual_networks_of_every_depth(backbone, tensors):
    kind = "basic" if backbone in BASIC else "bottleneck"
    with torch.device("meta"):
        words = {"conv1_t_stride": 2, "shortcut_type": "B", "bias_downsample": False, "spatial_dims": 2}
        state = ResNet(kind, DEPTHS[backbone], [64, 128, 256, 512], num_classes=7, **words).state_dict()
    assert len(state) == tensors
    expected = shapes(state) | {"fc.weight": (None, None), "fc.bias": (None,)}
    assert table(RESNET, state, "published") == expected
    ours = {f"encoder.{key}": shape for key, shape in expected.items() if not key.startswith("fc.")}
    assert table(RESNET, state, "ours") == ours | {
        "category.linear.weight": (None, None),
        "category.linear.bias": (None,),
    }


@pytest.mark.parametrize(("backbone", "spatial_dims"), [("resnet10", 2), ("resnet50", 2), ("resnet10", 3)])
def test_our_names_are_those_of_monai(backbone, spatial_dims):
    with torch.device("meta"):
        words = {"pre_conv": None, "decoder_channels": (20, 16, 12, 8, 4), "spatial_dims": spatial_dims}
        state = FlexibleUNet(3, 2, backbone, **words).state_dict()
    ours = table(RESIDUAL_UNET, state, "ours")
    assert ours.pop("volume.conv.weight") == (None, 4, *[3] * spatial_dims)
    assert ours.pop("volume.conv.bias") == (None,)
    assert ours == {key: shape for key, shape in shapes(state).items() if not key.startswith("segmentation_head")}


def test_skips_of_the_published_network(unet):
    state = unet(width=64, bottleneck=True, decoder=(256, 128, 64, 32, 16))
    skips = {entry.published: (entry.skip, entry.shape) for entry in RESIDUAL_UNET.entries(state) if entry.skip}
    assert skips == {
        "decoder.blocks.0.conv1.0.weight": (1024, (256, 3072, 3, 3)),
        "decoder.blocks.1.conv1.0.weight": (512, (128, 768, 3, 3)),
        "decoder.blocks.2.conv1.0.weight": (256, (64, 384, 3, 3)),
        "decoder.blocks.3.conv1.0.weight": (64, (32, 128, 3, 3)),
    }


@pytest.mark.parametrize(("block", "skip"), [(0, 8), (1, 4), (2, 2), (3, 2)])
def test_either_order_of_joining_gives_the_same(unet, block, skip):
    state = unet()
    ours, _ = RESIDUAL_UNET.to_ours(state)
    weight = state[f"decoder.blocks.{block}.conv1.0.weight"]
    raised = torch.rand(1, weight.shape[1] - skip, 4, 4)
    joined = torch.rand(1, skip, 4, 4)
    expected = conv2d(torch.cat([raised, joined], dim=1), weight)
    found = conv2d(torch.cat([joined, raised], dim=1), ours[f"decoder.blocks.{block}.convs.conv_0.conv.weight"])
    torch.testing.assert_close(found, expected)


def test_tensors_without_a_skip_are_untouched(unet):
    state = unet()
    ours, dropped = RESIDUAL_UNET.to_ours(state)
    assert dropped == []
    assert len(ours) == len(state) == 134
    assert ours["decoder.blocks.4.convs.conv_0.conv.weight"] is state["decoder.blocks.4.conv1.0.weight"]
    assert ours["decoder.blocks.2.convs.conv_1.adn.N.running_var"] is state["decoder.blocks.2.conv2.1.running_var"]
    assert ours["volume.conv.bias"] is state["segmentation_head.0.bias"]


@pytest.mark.parametrize("bottleneck", [False, True], ids=["basic", "bottleneck"])
def test_there_and_back_again(unet, bottleneck):
    state = unet(depths=(2, 1, 3, 1), bottleneck=bottleneck)
    back, dropped = RESIDUAL_UNET.to_published(RESIDUAL_UNET.to_ours(state)[0])
    assert dropped == []
    torch.testing.assert_close(back, state, rtol=0, atol=0)


def test_checkpoint_of_the_whole_training_gives_the_query_network_and_its_head(unet, contrasted):
    state = unet()
    whole = contrasted(state, "backbone.")
    assert len(whole) == 2 * (len(state) + 4) + 2
    layout = find_layout(whole)
    ours, dropped = layout.to_ours(whole)
    assert layout is CONTRASTED_UNET
    assert {key.split(".")[0] for key in ours} == {"encoder", "decoder", "volume", "embedding"}
    assert {re.split(r"[._]", key)[0] for key in dropped} == {"encoder", "queue"}
    assert len(dropped) == len(state) + 4 + 2
    torch.testing.assert_close(ours["embedding.layers.2.bias"], whole["encoder_q.fc.2.bias"], rtol=0, atol=0)
    for key, tensor in RESIDUAL_UNET.to_ours(state)[0].items():
        torch.testing.assert_close(ours[key], tensor, rtol=0, atol=0)


def test_first_stage_is_a_plain_residual_network_with_a_head(resnet, contrasted):
    state = resnet()
    whole = contrasted(state)
    from_whole, dropped = find_layout(whole).to_ours(whole)
    query = {key.removeprefix("encoder_q."): value for key, value in whole.items() if key.startswith("encoder_q.")}
    from_query, none_dropped = find_layout(query).to_ours(query)
    assert len(dropped) == len(state) + 4 + 2
    assert none_dropped == []
    assert len(from_query) == len(state) + 4
    torch.testing.assert_close(from_whole, from_query, rtol=0, atol=0)
    torch.testing.assert_close(from_query["encoder.layer4.0.conv1.weight"], state["layer4.0.conv1.weight"])


def test_classifier_of_a_usual_network_is_the_category(resnet):
    state = resnet() | {"fc.weight": torch.rand(3, 16), "fc.bias": torch.rand(3)}
    ours, dropped = find_layout(state).to_ours(state)
    assert dropped == []
    assert ours["category.linear.weight"] is state["fc.weight"]


def test_other_widths_than_the_stem_asks_for_are_an_error(unet):
    state = unet()
    state["encoder.layer2.0.conv1.weight"] = torch.ones(5, 2, 3, 3)
    with pytest.raises(ValueError, match=r"layer2\.0\.conv1\.weight \(5, 2, 3, 3\) instead of \(4, 2, 3, 3\)"):
        RESIDUAL_UNET.to_ours(state)


def test_missing_stem_is_named(unet):
    state = unet()
    del state["encoder.conv1.weight"]
    with pytest.raises(ValueError, match=r"needs encoder\.conv1\.weight, which tells"):
        RESIDUAL_UNET.to_ours(state)
