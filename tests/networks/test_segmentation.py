import pytest
import torch
from monai.losses import DeepSupervisionLoss, DiceCELoss

from medssl.networks import (
    ConvDecoder,
    ConvEncoder,
    DeepSegmentation,
    SegmentationNetwork,
    WindowDecoder,
    WindowEncoder,
)


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


def deep(levels=3):
    torch.manual_seed(0)
    encoder = WindowEncoder(width=4, head_channels=2, image_size=32, drop_path=0.0)
    decoder = WindowDecoder(encoder.channels, head_channels=2, image_size=32, drop_path=0.0)
    whole = SegmentationNetwork(encoder, decoder, num_classes=3)
    return whole, DeepSegmentation(whole, levels=levels)


def test_coarser_maps_are_labelled_in_training_only():
    whole, supervised = deep()
    image = torch.rand(1, 1, 32, 32, 32)
    answers = supervised.train()(image)
    assert [tuple(one.shape) for one in answers] == [(1, 3, 32, 32, 32), (1, 3, 16, 16, 16), (1, 3, 8, 8, 8)]
    torch.testing.assert_close(answers[0], whole(image))
    assert torch.equal(supervised.eval()(image), whole.eval()(image))


def test_names_are_those_of_the_network_and_of_the_coarser_labels():
    whole, supervised = deep()
    more = {f"deep.{level}.conv.{leaf}" for level in (0, 1) for leaf in ("weight", "bias")}
    assert set(supervised.state_dict()) == set(whole.state_dict()) | more
    assert supervised.label is whole.label


def test_deep_supervision_of_monai_takes_the_answers():
    _, supervised = deep()
    dice = DiceCELoss(include_background=False, to_onehot_y=True, softmax=True, batch=True)
    loss = DeepSupervisionLoss(dice, weights=[4 / 7, 2 / 7, 1 / 7])
    label = torch.randint(0, 3, (1, 1, 32, 32, 32)).float()
    answers = supervised.train()(torch.rand(1, 1, 32, 32, 32))
    parts = [dice(one, label[..., i::s, i::s, i::s]) for one, s, i in zip(answers, (1, 2, 4), (0, 1, 2), strict=True)]
    found = loss(answers, label)
    torch.testing.assert_close(found, (4 * parts[0] + 2 * parts[1] + parts[2]) / 7)
    found.backward()
    assert all(head.conv.weight.grad.any() for head in (supervised.label, *supervised.deep))


def test_one_level_is_no_deep_supervision_and_more_than_there_are_is_refused():
    whole, supervised = deep(levels=1)
    assert set(supervised.state_dict()) == set(whole.state_dict())
    with pytest.raises(ValueError, match="makes 4 maps or more, got WindowDecoder with 3"):
        DeepSegmentation(whole, levels=4)
    encoder = OtherEncoder()
    plain = SegmentationNetwork(encoder, ConvDecoder(2, encoder.channels), num_classes=2)
    with pytest.raises(ValueError, match="makes 3 maps or more, got ConvDecoder with 0"):
        DeepSegmentation(plain)
