import pytest
import torch

from medssl.weights import LAYOUTS, find_layout
from medssl.weights.published import is_ours

NAMES = {
    "down_tr64.ops.0.conv1.weight": "Genesis U-Net",
    "classficationNet.down_tr128.ops.0.conv1.weight": "Genesis U-Net",
    "encoder_q.backbone.encoder.conv1.weight": "DiRA checkpoint",
    "decoder.blocks.3.conv2.1.running_var": "DiRA U-Net",
    "encoder_q.layer1.0.conv1.weight": "MoCo ResNet",
    "fc.0.bias": "MoCo ResNet",
    "layer1.0.bn1.weight": "torchvision ResNet",
    "backbone.model_down.norm0.bias": "Alice nnFormer",
    "model_down.mask_token": "Alice nnFormer",
    "backbone.conv1.bn.weight": "SAM embedding",
    "read_out_head.fpn_convs.0.conv.bias": "SAM embedding",
}
OURS = (
    "encoder.conv1.weight",
    "encoder.layer1.0.conv1.weight",
    "decoder.blocks.0.convs.conv_0.conv.weight",
    "segmentation_head.0.weight",
    "decoder.joins.0.norm1.bias",
    "fine.laterals.0.weight",
    "tokens.layers.0.bias",
    "completion.norm.bias",
)


@pytest.mark.parametrize(("key", "name"), NAMES.items())
def test_one_name_tells_the_layout(key, name):
    state = {"unknown": torch.ones(1), **{ours: torch.ones(1) for ours in OURS[:2]}, key: torch.ones(1)}
    assert find_layout(state).name == name
    assert not is_ours(state)


def test_every_layout_is_told_by_a_name():
    assert {layout.name for layout in LAYOUTS} == set(NAMES.values())


def test_names_of_ours_and_of_monai_are_no_published_ones():
    state = {key: torch.ones(1) for key in OURS}
    assert is_ours(state)
    with pytest.raises(ValueError, match=r"our own names encoder\.conv1\.weight, .*; use it as it is"):
        find_layout(state)


def test_unknown_layout_shows_its_names():
    state = {"model.0.weight": torch.ones(1), "fc.bias": torch.ones(1)}
    with pytest.raises(
        ValueError, match=r"begin with 'encoder\.'.*Genesis U-Net, DiRA.*got names model\.0\.weight, fc\.bias"
    ):
        find_layout(state)
    assert not is_ours(state)
