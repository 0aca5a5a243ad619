import pytest
import torch
from monai.networks.layers.utils import get_norm_layer

from medssl.networks import normalization


def layer(norm, spatial_dims=3, channels=2):
    return get_norm_layer(normalization(norm), spatial_dims, channels)


def standardized(batch, axes):
    mean, variance = batch.mean(axes, keepdim=True), batch.var(axes, correction=0, keepdim=True)
    return (batch - mean) / (variance + 1e-5).sqrt()


@pytest.fixture
def batch():
    return 3 + 2 * torch.randn(3, 2, 4, 4, 4, generator=torch.Generator().manual_seed(0))


def test_batch_uses_the_batch_in_training_and_evaluation(batch):
    norm = layer("batch")
    expected = standardized(batch, (0, 2, 3, 4))
    torch.testing.assert_close(norm.train()(batch), expected)
    torch.testing.assert_close(norm.eval()(batch), expected)


def test_batch_keeps_buffers_that_only_training_changes(batch):
    norm = layer("batch").eval()
    norm(batch)
    assert norm.running_mean.tolist() == [0, 0]
    norm.train()(batch)
    torch.testing.assert_close(norm.running_mean, 0.1 * batch.mean((0, 2, 3, 4)))
    torch.testing.assert_close(norm.running_var, 0.9 + 0.1 * batch.var((0, 2, 3, 4), correction=1))
    assert norm.num_batches_tracked == 0


def test_batch_and_running_have_the_same_tensors():
    assert list(layer("batch").state_dict()) == list(layer("running").state_dict())


def test_batch_of_one_is_instance_norm(batch):
    torch.testing.assert_close(layer("batch")(batch[:1]), layer("instance")(batch[:1]))


def test_running_uses_its_statistics_in_evaluation(batch):
    torch.testing.assert_close(layer("running").eval()(batch), batch / (1 + 1e-5) ** 0.5)


def test_instance_looks_at_each_image_alone_and_learns_a_scale(batch):
    norm = layer("instance")
    torch.testing.assert_close(norm(batch), standardized(batch, (2, 3, 4)))
    assert norm.weight.requires_grad


@pytest.mark.parametrize("spatial_dims", [1, 2, 3])
def test_axes_are_checked(spatial_dims):
    with pytest.raises(ValueError, match="expected"):
        layer("batch", spatial_dims)(torch.zeros(2, 2, *[3] * (spatial_dims + 2)))


def test_arguments_come_with_the_word():
    assert normalization(["running", {"eps": 0.001, "momentum": 0.01}]) == ("batch", {"eps": 0.001, "momentum": 0.01})
    assert normalization(("batch", {"eps": 0.001}))[0] == "batch_statistics"
    assert layer(("group", {"num_groups": 2})).num_groups == 2


def test_unknown_word_is_named():
    with pytest.raises(ValueError, match=r"\['batch', 'instance', 'running'\].*got 'bach'"):
        normalization("bach")
