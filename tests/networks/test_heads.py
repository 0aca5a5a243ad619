import pytest
import torch
from torch.nn.functional import layer_norm

from medssl.networks import ClassificationHead, MapHead


def test_map_head_is_one_linear_layer_for_every_voxel():
    head = MapHead(2, 3, out_channels=2, activation="sigmoid")
    image = torch.rand(1, 3, 4, 4)
    expected = torch.einsum("oc,nchw->nohw", head.conv.weight[..., 0, 0], image) + head.conv.bias[:, None, None]
    torch.testing.assert_close(head(image), expected.sigmoid())


def test_map_head_gives_logits_by_default():
    head = MapHead(3, 2, out_channels=1)
    torch.nn.init.constant_(head.conv.bias, 7.0)
    assert head(torch.zeros(1, 2, 2, 2, 2)).unique().item() == 7.0
    assert list(head.state_dict()) == ["conv.weight", "conv.bias"]


def test_map_head_of_a_coarser_map_fills_a_block_of_voxels_for_each_cell():
    head = MapHead(3, 4, out_channels=2, scale=2)
    cells = torch.rand(1, 4, 2, 3, 1)
    answer = head(cells)
    assert answer.shape == (1, 2, 4, 6, 2)
    expected = (
        torch.einsum("i,ioabc->oabc", cells[0, :, 1, 2, 0], head.conv.weight) + head.conv.bias[:, None, None, None]
    )
    torch.testing.assert_close(answer[0, :, 2:, 4:], expected)
    with pytest.raises(ValueError, match="kernel_size 1 with scale 2, got 3"):
        MapHead(3, 4, out_channels=2, kernel_size=3, scale=2)


def test_classification_is_mean_then_linear():
    head = ClassificationHead(4, 3)
    features = [torch.rand(2, 2, 8, 8), torch.rand(2, 4, 4, 4)]
    torch.testing.assert_close(head(features), head.linear(features[-1].mean((2, 3))))
    assert sorted(head.state_dict()) == ["linear.bias", "linear.weight"]


def test_layer_norm_stands_before_the_last_layer():
    head = ClassificationHead(4, 3, layer_norm=True)
    features = [torch.rand(2, 4, 4, 4)]
    torch.testing.assert_close(head(features), head.linear(layer_norm(features[-1].mean((2, 3)), (4,))))
    assert sorted(head.state_dict()) == ["linear.bias", "linear.weight", "norm.bias", "norm.weight"]


def test_hidden_layers():
    head = ClassificationHead(4, 3, hidden_channels=5, hidden_features=6, spatial_dims=2)
    assert head([torch.rand(2, 4, 4, 4)]).shape == (2, 3)
    shapes = {key: tuple(value.shape) for key, value in head.named_parameters() if value.ndim > 1}
    assert shapes == {"conv.conv.weight": (5, 4, 3, 3), "hidden.0.weight": (6, 5), "linear.weight": (3, 6)}


def test_dropout_stands_before_the_last_layer():
    for head, features in (
        (MapHead(2, 2, out_channels=1, dropout=1.0), torch.rand(1, 2, 2, 2)),
        (ClassificationHead(2, 1, dropout=1.0), [torch.rand(1, 2, 2, 2)]),
    ):
        last = head.conv if isinstance(head, MapHead) else head.linear
        assert head.train()(features).unique().item() == last.bias.item()
        assert head.eval()(features).unique()[0].item() != last.bias.item()


def test_largest_values_may_stand_for_the_channels():
    head = ClassificationHead(4, 1, hidden_features=5, pool="max").eval()
    features = [torch.rand(2, 4, 4, 4)]
    expected = head.linear(torch.relu(head.hidden[0](features[0].amax((2, 3)))))
    torch.testing.assert_close(head(features), expected)
    torch.testing.assert_close(torch.jit.script(head)(features), expected)
    assert list(head.state_dict()) == list(ClassificationHead(4, 1, hidden_features=5).state_dict())


def test_dropout_before_and_after_a_relu_is_the_same():
    values = torch.randn(1000, generator=torch.Generator().manual_seed(0))
    torch.manual_seed(1)
    before = torch.relu(torch.dropout(values, 0.5, train=True))
    torch.manual_seed(1)
    torch.testing.assert_close(torch.dropout(torch.relu(values), 0.5, train=True), before)


def test_unknown_pooling_is_named():
    with pytest.raises(ValueError, match=r"\['max', 'mean'\], got 'sum'"):
        ClassificationHead(2, 1, pool="sum")
