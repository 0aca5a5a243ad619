"""One whole step of Alice at the published sizes against the numbers of the published program."""

import numpy as np
import pytest
import torch

from medssl.losses import SoftCrossEntropy, WeightedLoss
from medssl.networks import CrossCompletion, DistilledNetwork, MapHead, TokenNetwork, WindowDecoder, WindowEncoder
from medssl.transforms.masking import spread_blocks
from medssl.weights.tokens import completion_entries
from medssl.weights.windowed import windowed_entries
from tests.golden.filling import value

SIDE = 64


@pytest.fixture(scope="module")
def numbers(golden):
    return golden("alice/alice_golden.npz")


def filled(key, shape):
    return torch.from_numpy(value(key, tuple(shape), norm="norm" in key and key.endswith("weight")))


def fill(network, prefix=""):
    """Fill backbone and head by the rule; lengths of prototypes are 1, and the table of places has a name too."""
    state = network.state_dict()
    result = {"encoder.position": filled(f"{prefix}backbone.model_down.absolute_pos_embed", (1, 32**3, 48))}
    result["encoder.position"] = result["encoder.position"].reshape(1, 32, 32, 32, 48).permute(0, 4, 1, 2, 3)
    for entry in windowed_entries(state):
        if entry.ours in state:
            name = entry.published if entry.published.startswith("head.") else f"backbone.{entry.published}"
            made = filled(f"{prefix}{name}", state[entry.ours].shape)
            result[entry.ours] = torch.ones_like(made) if name.endswith("weight_g") else made
    network.load_state_dict(result)


@pytest.fixture(scope="module")
def views():
    generator = np.random.Generator(np.random.PCG64(7))
    drawn = [generator.random((1, 1, SIDE, SIDE, SIDE)).astype(np.float32) for _ in range(2)]
    return torch.from_numpy(np.stack(drawn, axis=1))  # (1, 2, 1, *S)


@pytest.fixture(scope="module")
def distilled():
    encoder = WindowEncoder(width=48)
    decoder = WindowDecoder(encoder.channels)
    head = MapHead(3, decoder.out_channels, out_channels=1, scale=2)
    network = DistilledNetwork(TokenNetwork(encoder, decoder, volume=head), CrossCompletion()).eval()
    fill(network.network)
    fill(network.follower, "teacher.")
    names = {entry.ours.removeprefix("completion."): entry.published for entry in completion_entries()}
    state = network.completion.state_dict()
    network.completion.load_state_dict({key: filled(names[key], tensor.shape) for key, tensor in state.items()})
    return network


@pytest.fixture(scope="module")
def masked(numbers, views):
    hidden = spread_blocks(numbers["e2e/mask_grid"], (SIDE,) * 3).astype(bool)
    return views.masked_fill(torch.from_numpy(hidden)[None, :, None], 0.0)


@pytest.fixture(scope="module")
def outputs(distilled, masked, views):
    with torch.no_grad():
        return distilled(masked, views)


def assert_close(ours, theirs, tolerance):
    np.testing.assert_allclose(np.asarray(ours.detach()), theirs, rtol=0, atol=tolerance)


def test_parameters(numbers, distilled):
    student = distilled.network
    parts = (student.encoder, student.decoder, student.tokens, distilled.follower.tokens, distilled.completion)
    counts = [sum(one.numel() for one in part.parameters()) for part in parts]
    _, encoder, decoder, _, head, teachers_head, _, completion = numbers["e2e/param_counts"].tolist()
    unused = 48  # a mask token
    assert counts == [encoder - unused, decoder, head, teachers_head, completion]


def test_tokens_and_restored_volume(numbers, distilled, masked, views):
    with torch.no_grad():
        volume, student = distilled.network(masked.flatten(0, 1))
        teacher = distilled.follower.tell(views.flatten(0, 1))
    for name, tokens in (("student", student), ("teacher", teacher)):
        assert_close(tokens.image, numbers[f"e2e/{name}_cls"], 2e-6)
        assert_close(tokens.encoder[:, ::16], numbers[f"e2e/{name}_enc_tok"], 2e-6)
        theirs = tokens.decoder.unflatten(1, (8, 8, 8)).permute(0, 2, 3, 1, 4).flatten(1, 3)  # their axes come turned
        assert_close(theirs[:, ::128], numbers[f"e2e/{name}_dec_tok"], 2e-6)
    assert_close(volume[..., ::8, ::8, ::8], numbers["e2e/student_recon_sub"], 1e-5)


def test_completed_tokens(numbers, outputs):
    assert_close(outputs["tokens"].student[0, :, ::16], numbers["e2e/casa_student_tok"], 2e-5)
    assert_close(outputs["teacher"]["tokens"][0, :, ::16], numbers["e2e/casa_teacher_tok"], 2e-5)


def test_loss_terms_and_centres(numbers, outputs, views):
    losses = {"embedding": SoftCrossEntropy(), "tokens": SoftCrossEntropy(), "volume": torch.nn.MSELoss()}
    loss = WeightedLoss(losses, {"embedding": 1.0, "tokens": 1.0, "volume": 10 / 2})
    total = loss(outputs, {"volume": views})
    ours = [loss.parts["embedding"], loss.parts["tokens"], 5 * loss.parts["volume"], total]
    np.testing.assert_allclose(torch.stack(ours), numbers["e2e/terms"], rtol=3e-5)
    for task, name in (("embedding", "center"), ("tokens", "center2")):
        mean = outputs["teacher"][task].flatten(0, -2).mean(dim=0)
        assert_close(0.1 * mean, numbers[f"e2e/{name}"].reshape(-1), 2e-6)
