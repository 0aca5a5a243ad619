import torch

from medssl.networks import ConvEncoder, EncoderFeatures, global_average


def test_mean_by_hand():
    image = torch.tensor([[[[1.0, 2.0], [3.0, 6.0]], [[0.0, 0.0], [0.0, 4.0]]]])
    assert global_average(image).tolist() == [[3.0, 1.0]]


def test_vector_is_the_mean_of_the_coarsest_map():
    encoder = ConvEncoder(3, 1, width=2, levels=2)
    image = torch.rand(2, 1, 4, 4, 4)
    vector, coarsest = EncoderFeatures(encoder)(image), EncoderFeatures(encoder, pool=False)(image)
    assert coarsest.shape == (2, 8, 2, 2, 2)
    torch.testing.assert_close(vector, coarsest.mean((2, 3, 4)))
    torch.testing.assert_close(coarsest, encoder(image)[-1])
