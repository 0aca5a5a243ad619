"""Tokens, their completion and their losses in Alice against the numbers of the published program."""

import numpy as np
import pytest
import torch
from torch.nn.functional import mse_loss

from medssl.losses import SoftCrossEntropy
from medssl.networks import CentredTargets, CrossCompletion, TokenHead
from medssl.weights.tokens import completion_entries, token_entries
from tests.golden.filling import value

TWO_SETS = {"head.last_layer2.weight_g": torch.empty(0)}
COMPLETION = {entry.ours.removeprefix("completion."): entry.published for entry in completion_entries()}
HEAD = {entry.ours.removeprefix("tokens."): entry.published.removeprefix("head.") for entry in token_entries(TWO_SETS)}
HEADS, WIDTH = 3, 8


@pytest.fixture(scope="module")
def numbers(golden):
    return golden("alice/alice_golden.npz")


def seeded(*shapes):
    generator = np.random.Generator(np.random.PCG64(7))
    return [torch.from_numpy(generator.random(shape).astype(np.float32)) for shape in shapes]


def assert_close(ours, theirs, tolerance):
    np.testing.assert_allclose(np.asarray(ours.detach()), theirs, rtol=0, atol=tolerance)


def filled(key, shape):
    return torch.from_numpy(value(key, tuple(shape), norm="norm" in key and key.endswith("weight")))


def small_completion(factor=1.0):
    """Values of 6 numbers a head, as recorded, are values of 8 of which 2 are 0."""
    completion = CrossCompletion(24, hidden=40, heads=HEADS, head_channels=WIDTH).eval()
    shapes = {"w_vs.weight": (HEADS * 6, 24), "fc.weight": (24, HEADS * 6)}
    state = {}
    for ours, tensor in completion.state_dict().items():
        key = COMPLETION[ours]
        made = filled(key, shapes.get(key.split("MH_attn.")[-1], tensor.shape))
        made = made * factor if made.ndim == 2 else made
        if "w_vs" in key:
            made = torch.cat([made.view(HEADS, 6, 24), torch.zeros(HEADS, 2, 24)], dim=1).reshape(-1, 24)
        if "fc" in key:
            made = torch.cat([made.view(24, HEADS, 6), torch.zeros(24, HEADS, 2)], dim=2).reshape(24, -1)
        state[ours] = made
    completion.load_state_dict(state)
    return completion


@pytest.mark.parametrize(("group", "factor", "tolerance"), [("casa_small", 1.0, 1e-6), ("casa_sharp", 5.0, 5e-6)])
def test_completion(numbers, group, factor, tolerance):
    completion = small_completion(factor)
    query = torch.from_numpy(numbers[f"{group}/query"])
    for side in ("student", "teacher"):
        others = torch.from_numpy(numbers[f"{group}/kv_{side}"])
        assert_close(completion(query, others), numbers[f"{group}/out_{side}"], tolerance)
    others = torch.from_numpy(numbers[f"{group}/kv_student"])
    attended = completion.attention_norm(completion.attention(query, others) + query)
    assert_close(attended, numbers[f"{group}/mha_student"], tolerance)


def test_completion_of_the_published_size(numbers):
    completion = CrossCompletion().eval()
    completion.load_state_dict(
        {key: filled(COMPLETION[key], one.shape) for key, one in completion.state_dict().items()}
    )
    completion.double()  # so that only the recording is rounded, by up to 1.8e-6
    query, *others = (one.double() for one in seeded((1, 4, 512), (1, 6, 512), (1, 6, 512)))
    for side, tokens in zip(("student", "teacher"), others, strict=True):
        assert_close(completion(query, tokens), numbers[f"casa_full/out_{side}"], 2e-6)


@pytest.mark.parametrize("one_set", [False, True], ids=["student", "teacher"])
def test_head(numbers, one_set):
    group = "head_teacher" if one_set else "head_student"
    head = TokenHead(384, 192, length=24, shared=one_set).eval()
    head.load_state_dict({key: filled(HEAD[key], one.shape) for key, one in head.state_dict().items()})
    vectors, features, decoded = seeded((2, 384), (2, 384, 2, 2, 2), (2, 192, 3, 3, 3))
    tokens = head(features, decoded)
    assert_close(head._cosines(vectors, head.last), numbers[f"{group}/cls"], 1e-7)  # recorded with a vector of its own
    assert_close(tokens.encoder, numbers[f"{group}/enc"], 1e-7)
    assert_close(tokens.decoder, numbers[f"{group}/dec"], 1e-7)


def recorded(numbers):
    kinds = ("cls", "patch")
    student = {kind: torch.from_numpy(numbers[f"loss/student_{kind}"]).requires_grad_() for kind in kinds}
    teacher = {kind: torch.from_numpy(numbers[f"loss/teacher_{kind}"]) for kind in kinds}
    return student, teacher, torch.from_numpy(numbers["loss/recon"]).requires_grad_()


def test_losses_centres_and_gradients(numbers):
    student, teacher, restored = recorded(numbers)
    volume = torch.from_numpy(np.concatenate([numbers["loss/img0"], numbers["loss/img1"]]))
    targets = {"cls": CentredTargets(16), "patch": CentredTargets(16)}
    loss = SoftCrossEntropy(0.1)
    for call, epoch in enumerate(numbers["loss/epochs"]):
        for target in targets.values():
            target.temperature = float(numbers["loss/teacher_temp_schedule"][epoch])
        terms = [
            loss(student["cls"].flip(0), targets["cls"](teacher["cls"])),
            loss(student["patch"], targets["patch"](teacher["patch"])),
            10 * 0.5 * mse_loss(restored, volume),
        ]
        ours = torch.stack([*terms, sum(terms)])
        np.testing.assert_allclose(ours.detach(), numbers["loss/terms"][call], rtol=1e-6)
        if call == 0:
            gradients = torch.autograd.grad(sum(terms), [student["cls"], student["patch"], restored])
        for kind, name in (("cls", "center_after"), ("patch", "center2_after")):
            mean = teacher[kind].flatten(0, -2).mean(dim=0)
            targets[kind].centre.mul_(0.9).add_(mean, alpha=0.1)
            assert_close(targets[kind].centre, numbers[f"loss/{name}"][call].reshape(-1), 1e-7)
    for gradient, name in zip(gradients, ("student_cls", "student_patch", "recon"), strict=True):
        assert_close(gradient, numbers[f"loss/grad_{name}"], 1e-7)
