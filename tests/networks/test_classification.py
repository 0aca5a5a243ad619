import torch

from medssl.networks import ClassificationNetwork, ConvEncoder, EncoderFeatures


def test_logits_are_linear_in_the_features():
    encoder = ConvEncoder(3, 2, width=2, levels=2)
    network = ClassificationNetwork(encoder, 3)
    image = torch.rand(2, 2, 4, 4, 4)
    weight, bias = network.category.linear.weight, network.category.linear.bias
    torch.testing.assert_close(network(image), EncoderFeatures(encoder)(image) @ weight.T + bias)
    assert {key.split(".")[0] for key in network.state_dict()} == {"encoder", "category"}


def test_the_mean_may_be_normalised_first():
    network = ClassificationNetwork(ConvEncoder(2, 1, width=2, levels=2), 3, layer_norm=True)
    assert network.category.norm.normalized_shape == (8,)


def test_by_slice_logits_are_the_mean_of_the_slices_logits():
    torch.manual_seed(0)
    encoder = ConvEncoder(2, 1, width=2, levels=2).eval()
    plain, by_slice = ClassificationNetwork(encoder, 3), ClassificationNetwork(encoder, 3, by_slice=True)
    by_slice.load_state_dict(plain.state_dict())
    stacks = torch.rand(2, 1, 8, 8, 4)
    torch.testing.assert_close(by_slice(stacks), torch.stack([plain(one) for one in stacks.unbind(-1)]).mean(0))
    torch.testing.assert_close(torch.jit.script(by_slice)(stacks), by_slice(stacks))
