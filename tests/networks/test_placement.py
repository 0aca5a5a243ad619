import pytest
import torch

from medssl.networks import ConvEncoder, place


@pytest.mark.parametrize(("spatial_dims", "layout"), [(2, torch.channels_last), (3, torch.channels_last_3d)])
def test_channels_last_changes_the_memory_and_not_the_result(spatial_dims, layout):
    encoder = ConvEncoder(spatial_dims, 1, width=2, levels=2).eval()
    image = torch.rand(2, 1, *[8] * spatial_dims)
    before = encoder(image)
    assert place(encoder, "cpu", channels_last=True) is encoder
    after = encoder(image)
    assert after[0].is_contiguous(memory_format=layout)
    torch.testing.assert_close(after, before)


def test_compiling_keeps_the_names():
    network = torch.nn.Linear(1, 1)
    names = list(network.state_dict())
    assert place(network, torch.device("cpu"), compile=True) is network
    assert list(network.state_dict()) == names
    assert network._compiled_call_impl is not None


def test_device():
    assert place(torch.nn.Linear(1, 1), "meta").weight.device.type == "meta"
