"""Tensors of several processes."""

from types import SimpleNamespace

import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch.nn.parallel import DistributedDataParallel

from medssl.handlers import CentreUpdate, QueueKeys
from medssl.losses import SoftCrossEntropy, WeightedLoss
from medssl.networks import (
    CrossCompletion,
    DistilledNetwork,
    KeyQueue,
    MapHead,
    QueuedMatch,
    TokenNetwork,
    WindowDecoder,
    WindowEncoder,
    average_gradients,
    gathered,
    process_count,
)
from medssl.networks.gathering import scattered_shuffle

PROCESSES, EACH = 2, 3
PAIRS = 2  # of each process


def test_alone_everything_stays():
    tensor = torch.rand(4, 2, requires_grad=True)
    assert torch.equal(gathered(tensor), tensor)
    assert not gathered(tensor).requires_grad
    assert process_count() == 1
    layer = torch.nn.Linear(2, 1)
    layer(tensor).sum().backward()
    before = layer.weight.grad.clone()
    average_gradients(layer)
    assert torch.equal(layer.weight.grad, before)


def distilled():
    """Student and teacher in which nothing is drawn."""
    torch.manual_seed(0)
    encoder = WindowEncoder(width=2, head_channels=2, image_size=16, drop_path=0.0)
    decoder = WindowDecoder(encoder.channels, head_channels=2, image_size=16, drop_path=0.0)
    words = {"volume": MapHead(3, 2, out_channels=1, scale=2), "hidden": 8, "bottleneck": 4, "length": 6}
    student = TokenNetwork(encoder, decoder, **words)
    for one in student.tokens.layers.parameters():
        one.data *= 20  # so that vectors are not so short that their directions are rounding
    completion = CrossCompletion(6, hidden=8, heads=2, head_channels=4, dropout=0.0)
    return DistilledNetwork(student, completion, length=6).train()


def learn(network, rows):
    """Gradients of the mean loss of some pairs of views, masked the same way whoever sees them."""
    whole = torch.rand(PROCESSES * PAIRS, 2, 1, 16, 16, 16, generator=torch.Generator().manual_seed(1))[rows]
    masked = whole.clone()
    masked[..., :8] = 0
    losses = {"embedding": SoftCrossEntropy(), "tokens": SoftCrossEntropy(), "volume": torch.nn.MSELoss()}
    loss = WeightedLoss(losses, {"embedding": 1.0, "tokens": 1.0, "volume": 5.0})
    loss(network(masked, whole), {"volume": whole}).backward()
    return {name.removeprefix("module."): one.grad for name, one in network.named_parameters() if one.requires_grad}


def work(rank, folder):
    dist.init_process_group("gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=PROCESSES)
    torch.manual_seed(rank)
    own = torch.arange(EACH, dtype=torch.float)[:, None] + EACH * rank
    mixed, back = scattered_shuffle(own)
    layer = torch.nn.Linear(1, 1)
    layer.weight.grad = torch.full((1, 1), float(rank))
    average_gradients(layer)
    queue = KeyQueue(1, 2 * PROCESSES * EACH)
    queue.keys.zero_()
    match = QueuedMatch(own, own - 2.5, queue.keys)
    QueueKeys(queue)(SimpleNamespace(state=SimpleNamespace(output={"pred": {"embedding": match}})))
    target = torch.nn.Module()
    target.register_buffer("centre", torch.zeros(1))
    told = {"teacher": {"embedding": own[rank:, None]}}  # three rows here, two there
    CentreUpdate(target, momentum=0.5)(SimpleNamespace(state=SimpleNamespace(output={"pred": told})))
    result = {
        "together": gathered(own), "mixed": mixed, "returned": gathered(mixed)[back], "own": own,
        "gradient": layer.weight.grad, "keys": queue.keys, "pointer": queue.pointer,
        "centre": target.centre,
        "learnt": learn(DistributedDataParallel(distilled()), slice(rank * PAIRS, (rank + 1) * PAIRS)),
    }  # fmt: skip
    torch.save(result, f"{folder}/{rank}.pt")
    dist.barrier()  # carries no tensors, so that nothing of Python is left to the threads that end now
    dist.destroy_process_group()


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("processes")
    mp.spawn(work, (str(folder),), nprocs=PROCESSES)
    return [torch.load(folder / f"{rank}.pt") for rank in range(PROCESSES)]


def test_all_processes_see_all_in_the_order_of_ranks(results):
    for result in results:
        assert result["together"].flatten().tolist() == [0, 1, 2, 3, 4, 5]


def test_shuffling_deals_every_image_out_once_and_finds_them_again(results):
    dealt = torch.cat([result["mixed"] for result in results]).flatten().tolist()
    assert sorted(dealt) == [0, 1, 2, 3, 4, 5]
    assert dealt != sorted(dealt)
    for result in results:
        assert torch.equal(result["returned"], result["own"])


def test_gradients_are_averaged(results):
    assert all(result["gradient"].item() == 0.5 for result in results)


def test_every_queue_gets_the_keys_of_all_in_the_order_of_ranks(results):
    for result in results:
        assert result["keys"].flatten().tolist() == [-1, -1, -1, 1, 1, 1] + [0] * 6
        assert int(result["pointer"]) == 6


def test_a_centre_moves_by_the_mean_of_all_rows(results):
    assert [result["centre"].item() for result in results] == pytest.approx([0.5 * 12 / 5] * 2)


def test_two_processes_learn_what_one_does_of_twice_the_batch(results):
    """True where nothing is drawn, no batch norm looks at a batch and all processes have as many pairs.

    With fewer pairs in one of them, each counts more there, since losses are means of a process; dropout and masks are
    other draws.
    """
    alone = learn(distilled(), slice(None))
    for result in results:
        torch.testing.assert_close(result["learnt"], alone, rtol=1e-3, atol=1e-6)
    moved = [name for name, gradient in alone.items() if gradient.abs().max() > 1e-4]
    for part in ("encoder.", "decoder.", "volume.", "tokens.", "completion."):
        assert any(part in name for name in moved)
