import torch

from medssl.networks import ConvDecoder, ConvEncoder, SegmentationNetwork


class OtherEncoder(torch.nn.Module):
    """Any encoder fits that has `channels` and gives maps, coarsest last."""

    channels = (2, 3)

    def __init__(self):
        super().__init__()
        self.convolutions = torch.nn.ModuleList([torch.nn.Conv2d(1, 2, 1), torch.nn.Conv2d(1, 3, 2, stride=2)])

    def forward(self, image):
        return [convolution(image) for convolution in self.convolutions]


def test_logits_at_the_size_of_the_image():
    encoder = ConvEncoder(3, 1, width=2, levels=2)
    network = SegmentationNetwork(encoder, ConvDecoder(3, encoder.channels), num_classes=5)
    assert network(torch.rand(2, 1, 4, 6, 8)).shape == (2, 5, 4, 6, 8)
    assert {key.split(".")[0] for key in network.state_dict()} == {"encoder", "decoder", "label"}


def test_another_encoder_fits():
    encoder = OtherEncoder()
    network = SegmentationNetwork(encoder, ConvDecoder(2, encoder.channels), num_classes=2)
    assert network(torch.rand(2, 1, 4, 4)).shape == (2, 2, 4, 4)


def test_dropout_gives_an_annotation_tool_different_samples_but_the_same_names():
    encoder = ConvEncoder(2, 1, width=2, levels=2, norm="instance")
    decoder = ConvDecoder(2, encoder.channels, norm="instance")
    plain, dropping = (SegmentationNetwork(encoder, decoder, num_classes=2, dropout=p) for p in (0.0, 0.5))
    assert list(plain.state_dict()) == list(dropping.state_dict())
    image = torch.rand(1, 1, 8, 8)
    assert not torch.equal(dropping.train()(image), dropping(image))
