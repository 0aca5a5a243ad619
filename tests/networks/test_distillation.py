"""Student and teacher."""

import copy
import math

import pytest
import torch

from medssl.networks import (
    CentredTargets,
    CrossCompletion,
    DistilledNetwork,
    MapHead,
    SwinDecoder,
    SwinEncoder,
    TokenHead,
    TokenNetwork,
    Tokens,
    WindowDecoder,
    WindowEncoder,
)

LENGTH, CHANNELS = 5, 3


class Telling(torch.nn.Module):
    """Restores nothing, and tells three maps of one image as tokens."""

    def __init__(self):
        super().__init__()
        self.tokens = TokenHead(CHANNELS, CHANNELS, hidden=4, bottleneck=4, length=LENGTH)
        self.dropout = torch.nn.Dropout(0.5)

    def forward(self, image):
        return image, self.tell(image)

    def restore(self, image):
        return image

    def tell(self, image):
        return self.tokens(image, self.dropout(image.flip(2)))


@pytest.fixture
def parts():
    torch.manual_seed(0)
    return Telling(), CrossCompletion(LENGTH, hidden=6, heads=1, head_channels=4)


def views(count=2):
    torch.manual_seed(1)
    return torch.rand(count, 2, CHANNELS, 2, 2, 2), torch.rand(count, 2, CHANNELS, 2, 2, 2)


def test_targets_by_hand():
    target = CentredTargets(2, temperature=0.5)
    target.centre.copy_(torch.tensor([1.0, 0.0]))
    found = target(torch.tensor([[1.0, 0.5 * math.log(3)]]))
    assert found.tolist() == [pytest.approx([0.25, 0.75])]
    assert "centre" in target.state_dict()


def test_targets_pass_no_gradients_and_are_exact_under_autocast():
    target, logits = CentredTargets(4), torch.rand(3, 4, requires_grad=True)
    whole = target(logits)
    assert not whole.requires_grad
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(target(logits), whole)


def test_temperature_above_zero():
    with pytest.raises(ValueError, match="temperature above 0, got 0"):
        CentredTargets(2, temperature=0)


def test_class_tokens_are_compared_across_patients(parts):
    network = DistilledNetwork(*parts, length=LENGTH, shared=False).eval()
    image, whole = views()
    found = network(image, whole)
    own = parts[0](image.flatten(0, 1))[1].image.unflatten(0, (2, 2))
    assert torch.equal(found["embedding"].student[:, 0], own[:, 1])
    assert torch.equal(found["embedding"].student[:, 1], own[:, 0])
    theirs = parts[0](whole.flatten(0, 1))[1].image.unflatten(0, (2, 2))
    assert torch.allclose(found["teacher"]["embedding"], theirs)
    assert torch.allclose(found["embedding"].target, network.targets["embedding"](theirs))
    same_view = DistilledNetwork(*parts, length=LENGTH, crosswise=False).eval()(image, whole)
    assert torch.equal(same_view["embedding"].student, own)


@pytest.mark.parametrize("attend_to", ["decoder", "encoder"])
def test_places_are_completed_by_either_side(parts, attend_to):
    student, completion = parts
    network = DistilledNetwork(*parts, length=LENGTH, shared=False, attend_to=attend_to).eval()
    image, whole = views()
    found = network(image, whole)
    own, theirs = (student(one.flatten(0, 1))[1] for one in (image, whole))
    pairs = found["tokens"].student.flatten(0, 1), found["teacher"]["tokens"].flatten(0, 1)
    assert torch.allclose(pairs[0], completion(own.encoder, own.decoder))
    assert torch.allclose(pairs[1], completion(own.encoder, getattr(theirs, attend_to)))
    assert torch.allclose(found["teacher"]["alone"].flatten(0, 1), completion.alone(own.encoder))


def test_without_completion_places_are_compared_as_they_are(parts):
    network = DistilledNetwork(parts[0], length=LENGTH, shared=False).eval()
    image, whole = views()
    found = network(image, whole)
    assert torch.allclose(found["tokens"].student.flatten(0, 1), parts[0](image.flatten(0, 1))[1].encoder)
    assert torch.allclose(found["teacher"]["tokens"].flatten(0, 1), parts[0](whole.flatten(0, 1))[1].encoder)
    assert "alone" not in found["teacher"]


def test_the_teacher_neither_learns_nor_drops(parts):
    network = DistilledNetwork(*parts, length=LENGTH).train()
    assert network.network.training
    assert not network.follower.training
    found = network(*views())
    sum(found[task].student.sum() for task in ("embedding", "tokens")).backward()
    assert all(one.grad is None for one in network.follower.parameters())
    assert all(one.grad is not None for one in network.network.tokens.parameters() if one.requires_grad)
    assert not any(value.requires_grad for value in found["teacher"].values())


def test_a_shared_teacher_follows_the_prototypes_of_images(parts):
    follower = DistilledNetwork(*parts, length=LENGTH).follower
    student = parts[0].tokens
    assert follower.tokens.token_last is None
    assert torch.equal(follower.tokens.last.weight, student.last.weight)
    assert student.token_last is not None


@pytest.mark.parametrize("tasks", [["embedding", "tokens"], ["embedding"], ["tokens"]], ids="-".join)
@pytest.mark.parametrize("attends", [True, False], ids=["completed", "as-they-are"])
def test_whatever_is_to_learn_gets_a_gradient(parts, tasks, attends):
    network = DistilledNetwork(parts[0], parts[1] if attends else None, length=LENGTH, tasks=tasks)
    found = network(*views())
    sum(found[task].student.square().sum() for task in tasks).backward()
    assert [name for name, one in network.named_parameters() if one.requires_grad and one.grad is None] == []
    assert any(one.requires_grad for one in network.network.tokens.parameters())


WINDOWS = WindowEncoder(width=8, image_size=32), WindowDecoder((8, 16, 32, 64), image_size=32), (32, 32, 32)
SWIN = SwinEncoder(width=12, spatial_dims=2), SwinDecoder((1, 12, 24, 48, 96, 192), spatial_dims=2), (64, 32)


@pytest.mark.parametrize(("backbone", "levels"), [(WINDOWS, (-1, 0)), (SWIN, (-2, 1))], ids=["windows", "swin"])
@pytest.mark.parametrize("tasks", [["embedding"], ["tokens"], []], ids=str)
def test_beside_restoration_every_part_of_a_whole_network_gets_one(parts, backbone, levels, tasks):
    encoder, decoder, size = copy.deepcopy(backbone)
    words = {"hidden": 4, "bottleneck": 4, "length": LENGTH, "level": levels[0], "decoded_level": levels[1]}
    volume = MapHead(len(size), decoder.out_channels, out_channels=1, scale=decoder.scale)
    student = TokenNetwork(encoder, decoder, volume=volume, **words)
    network = DistilledNetwork(student, parts[1], length=LENGTH, tasks=[*tasks, "volume"])
    found = network(torch.rand(1, 2, 1, *size), torch.rand(1, 2, 1, *size))
    terms = [found["volume"], *(found[task].student for task in tasks)]
    sum(term.square().sum() for term in terms).backward()
    assert [name for name, one in network.named_parameters() if one.requires_grad and one.grad is None] == []
    assert all(one.requires_grad for one in encoder.parameters())


def test_several_processes_must_restore(parts, monkeypatch):
    monkeypatch.setattr("medssl.networks.distillation.process_count", lambda: 2)
    with pytest.raises(ValueError, match=r"weight above 0 of the task volume, got the tasks \['tokens'\]"):
        DistilledNetwork(*parts, length=LENGTH, tasks=["tokens"])
    assert DistilledNetwork(*parts, length=LENGTH, tasks=["volume"]).distils is False


def test_with_restoration_alone_nothing_is_told(parts):
    network = DistilledNetwork(*parts, length=LENGTH, tasks=["volume"])
    image, whole = views()
    found = network(image, whole)
    assert list(found) == ["volume"]
    assert torch.equal(found["volume"], image)
    assert not any(one.requires_grad for one in network.parameters())  # this student has nothing else to learn


def test_everything_is_in_the_state(parts):
    state = DistilledNetwork(*parts, length=LENGTH).state_dict()
    assert {key.split(".")[0] for key in state} == {"network", "follower", "completion", "targets"}


def test_refusals(parts):
    network = DistilledNetwork(*parts, length=LENGTH)
    image, whole = views()
    with pytest.raises(ValueError, match="masked and whole views"):
        network(image, whole[:1])
    with pytest.raises(ValueError, match="masked and whole views"):
        network(image[:, :1], whole[:, :1])
    with pytest.raises(ValueError, match="'decoder' or 'encoder', got 'both'"):
        DistilledNetwork(*parts, attend_to="both")


def test_tokens_are_named():
    assert Tokens._fields == ("image", "encoder", "decoder")
