import torch

from medssl.networks import ConvEncoder, EncoderFeatures, global_average
from medssl.networks.features import global_maximum


def test_mean_by_hand():
    image = torch.tensor([[[[1.0, 2.0], [3.0, 6.0]], [[0.0, 0.0], [0.0, 4.0]]]])
    assert global_average(image).tolist() == [[3.0, 1.0]]
    assert global_maximum(image).tolist() == [[6.0, 4.0]]


def test_vector_is_the_mean_of_the_coarsest_map():
    encoder = ConvEncoder(3, 1, width=2, levels=2)
    image = torch.rand(2, 1, 4, 4, 4)
    vector, coarsest = EncoderFeatures(encoder)(image), EncoderFeatures(encoder, pool=False)(image)
    assert coarsest.shape == (2, 8, 2, 2, 2)
    torch.testing.assert_close(vector, coarsest.mean((2, 3, 4)))
    torch.testing.assert_close(coarsest, encoder(image)[-1])


def test_by_slice_the_vector_is_the_mean_of_the_slices_vectors():
    torch.manual_seed(0)
    encoder = ConvEncoder(2, 1, width=2, levels=2).eval()
    stacks, plain, by_slice = (
        torch.rand(2, 1, 8, 8, 3),
        EncoderFeatures(encoder),
        EncoderFeatures(encoder, by_slice=True),
    )
    torch.testing.assert_close(by_slice(stacks), torch.stack([plain(one) for one in stacks.unbind(-1)]).mean(0))
    torch.testing.assert_close(torch.jit.script(by_slice)(stacks), by_slice(stacks))
    maps = EncoderFeatures(encoder, pool=False, by_slice=True)(stacks)
    torch.testing.assert_close(maps[..., 1], encoder(stacks[..., 1])[-1])
    assert list(by_slice.state_dict()) == list(plain.state_dict())
