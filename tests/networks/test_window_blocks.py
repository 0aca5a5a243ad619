import pytest
import torch
from monai.networks.nets.swin_unetr import SwinTransformerBlock, compute_mask
from torch.nn.functional import gelu, layer_norm

from medssl.networks.window_blocks import Doubling, Halving, PatchEmbedding, WindowBlock
from medssl.networks.windows import WindowAttention


def block(drop_path=0.0, **words):
    torch.manual_seed(0)
    return WindowBlock(WindowAttention(4, head_channels=2, window=3, **words), drop_path=drop_path)


NAMES = {
    "attn.relative_position_bias_table": "attention.table",
    "attn.qkv.weight": "attention.input.weight",
    "attn.qkv.bias": "attention.input.bias",
    "attn.proj.weight": "attention.output.weight",
    "attn.proj.bias": "attention.output.bias",
}


@pytest.mark.parametrize("shifted", [False, True], ids=["plain", "shifted"])
@pytest.mark.parametrize("size", [(6, 6, 9), (5, 7, 8)], ids=["whole", "padded"])
def test_it_is_the_swin_block_of_monai_where_each_offset_has_its_own_row(shifted, size):
    shift = (1, 1, 1) if shifted else (0, 0, 0)
    theirs = SwinTransformerBlock(4, 2, (3, 3, 3), shift)
    torch.nn.init.normal_(theirs.attn.relative_position_bias_table)
    ours = block(shifted=shifted, compatible_index=False)
    state = {NAMES.get(key, key): value for key, value in theirs.state_dict().items() if "index" not in key}
    ours.load_state_dict(state)
    tokens = torch.rand(2, *size, 4)
    mask = compute_mask([-(-side // 3) * 3 for side in size], (3, 3, 3), (1, 1, 1), "cpu")
    torch.testing.assert_close(ours(tokens), theirs(tokens, mask))


def test_a_cross_block_adds_what_it_looks_at():
    layer = block(cross=True)
    tokens, skip = torch.rand(2, 2, 3, 3, 3, 4)
    for parameter in (*layer.attention.output.parameters(), *layer.mlp.linear2.parameters()):
        torch.nn.init.zeros_(parameter)
    torch.testing.assert_close(layer(tokens, skip), tokens + skip)
    assert layer.attention.input.weight.shape == (8, 4)


def test_branches_are_left_out_for_whole_images_in_training_and_kept_in_the_mean():
    layer = block(drop_path=0.5)
    branch = torch.ones(4000, 1, 1, 1, 2)
    kept = layer.train()._maybe(branch)
    assert kept.unique().tolist() == [0.0, 2.0]
    assert torch.equal(kept[..., 0], kept[..., 1])
    assert kept.mean().item() == pytest.approx(1, abs=0.1)
    assert layer.eval()._maybe(branch) is branch


def test_patches_by_definition():
    layer = PatchEmbedding(2, 4)
    image = torch.rand(1, 2, 4, 6, 8)
    found = layer(image)
    assert found.shape == (1, 2, 3, 4, 4)
    for place, (conv, norm) in enumerate(zip(layer.convs, layer.norms, strict=True)):
        image = conv(image)
        image = (gelu(image) if place < 3 else image).permute(0, 2, 3, 4, 1)
        image = layer_norm(image, norm.normalized_shape).permute(0, 4, 1, 2, 3)
    torch.testing.assert_close(found, image.permute(0, 2, 3, 4, 1))
    assert [tuple(conv.weight.shape[:2]) for conv in layer.convs] == [(2, 2), (2, 2), (4, 2), (4, 4)]


def test_halving_and_doubling():
    tokens = torch.rand(2, 4, 4, 2, 6)
    half = Halving(6)(tokens)
    assert half.shape == (2, 2, 2, 1, 12)
    double = Doubling(6)
    found = double(half)
    assert found.shape == tokens.shape
    vector = layer_norm(half, (12,))[0, 1, 0, 0]  # each token becomes the eight tokens of its own place
    expected = torch.einsum("i,ioabc->abco", vector, double.conv.weight) + double.conv.bias
    torch.testing.assert_close(found[0, 2:, :2, :2], expected)
