"""An item depends on seed, epoch and index alone."""

import copy
import os
import signal

import numpy as np
import pytest
import torch
from monai.engines import Workflow
from monai.transforms import Compose, Lambdad, RandGaussianNoised, ToTensord
from torch.utils.data import Subset

from medssl.data import EpochSampler, KeyedDataset, KeyedLoader

DATA = [{"image": np.full((1, 4), float(number), dtype=np.float32)} for number in range(7)]


def double(image):
    return image * 2


class SpoilInPlace(RandGaussianNoised):
    """A careless random transform: it writes into what it is given."""

    def __call__(self, data, lazy=None):
        self.randomize(None)
        data["image"] += float(self.R.uniform())
        return data


def dataset(seed=3, cache_rate=0.0, noise=RandGaussianNoised):
    steps = Compose([Lambdad("image", double), noise("image", prob=1.0), ToTensord("image", track_meta=False)])
    return KeyedDataset(copy.deepcopy(DATA), steps, seed=seed, cache_rate=cache_rate, progress=False)


def rounds(loader, epoch):
    loader.sampler.set_epoch(epoch)
    return torch.cat([batch["image"] for batch in loader])


def by_index(loader, epoch):
    """Images of one round, put back into the order of the dataset."""
    loader.sampler.set_epoch(epoch)
    order = [index for _, index in loader.sampler]
    return rounds(loader, epoch)[np.argsort(order)]


def test_other_items_stand_in_for_none(caplog):
    assert list(KeyedDataset([], otherwise=DATA)) == DATA
    assert f"takes the {len(DATA)} others" in caplog.text
    assert len(KeyedDataset(DATA[:1], otherwise=DATA)) == 1


def test_item_repeats_whatever_came_before():
    items = dataset()
    first = items[(2, 5)]["image"]
    for number in (0, 6, 3):
        _ = items[(1, number)]
    assert torch.equal(items[(2, 5)]["image"], first)
    assert torch.equal(dataset()[(2, 5)]["image"], first)


@pytest.mark.parametrize("other", [(2, 4), (3, 5)], ids=["index", "epoch"])
def test_draws_differ_with_the_key(other):
    items = dataset()
    noise = items[(2, 5)]["image"] - 2 * 5
    assert not torch.allclose(items[other]["image"] - 2 * other[1], noise)


def test_draws_differ_with_the_seed():
    assert not torch.equal(dataset(seed=3)[(2, 5)]["image"], dataset(seed=4)[(2, 5)]["image"])


def test_plain_index_means_epoch_0():
    items = dataset()
    assert torch.equal(items[4]["image"], items[(0, 4)]["image"])
    assert torch.equal(items[-3]["image"], items[(0, 4)]["image"])
    assert isinstance(items[1:3], Subset)
    assert torch.equal(items[[4]][0]["image"], items[4]["image"])
    with pytest.raises(IndexError):
        items[7]


@pytest.mark.parametrize("noise", [RandGaussianNoised, SpoilInPlace], ids=["careful", "in-place"])
def test_caching_changes_nothing(noise):
    plain, cached = dataset(noise=noise), dataset(cache_rate=1.0, noise=noise)
    for key in [(0, 1), (1, 1), (0, 1), (4, 6)]:
        assert torch.equal(plain[key]["image"], cached[key]["image"])


@pytest.mark.parametrize("num_workers", [0, 2])
def test_items_are_alike_in_any_order_and_with_any_workers(num_workers):
    items = dataset()
    expected = torch.stack([items[(2, number)]["image"] for number in range(7)])
    for shuffle in (False, True):
        loader = KeyedLoader(dataset(), batch_size=3, shuffle=shuffle, seed=9, num_workers=num_workers)
        assert torch.equal(by_index(loader, 2), expected)


def test_order_changes_with_the_epoch_and_repeats():
    sampler = EpochSampler(50, seed=1)
    orders = []
    for epoch in (1, 2, 1):
        sampler.set_epoch(epoch)
        orders.append(list(sampler))
    assert orders[0] == orders[2]
    assert [index for _, index in orders[0]] != [index for _, index in orders[1]]
    assert sorted(orders[1]) == [(2, index) for index in range(50)]


def test_start_leaves_items_out_once():
    loader = KeyedLoader(dataset(), batch_size=2, seed=9)
    whole = rounds(loader, 3)
    loader.sampler.start = 4
    assert torch.equal(rounds(loader, 3), whole[4:])
    assert torch.equal(rounds(loader, 3), whole)
    assert len(loader) == 4  # the last, smaller batch is kept


def test_two_processes_share_the_items():
    dealt = [list(EpochSampler(8, seed=1, rank=rank, num_replicas=2)) for rank in (0, 1)]
    assert len(dealt[0]) == len(dealt[1]) == 4
    assert sorted(dealt[0] + dealt[1]) == [(0, index) for index in range(8)]


def test_uneven_items_are_dealt_twice_only_in_training():
    training = [list(EpochSampler(7, seed=1, rank=rank, num_replicas=2)) for rank in (0, 1)]
    validation = [list(EpochSampler(7, seed=1, rank=rank, num_replicas=2, fixed=True)) for rank in (0, 1)]
    assert [len(part) for part in training] == [4, 4]
    assert sorted(validation[0] + validation[1]) == [(0, index) for index in range(7)]


def test_fewer_validation_items_than_processes():
    with pytest.raises(ValueError, match=r"got 2 for 3 processes; list more validation cases"):
        EpochSampler(2, num_replicas=3, fixed=True)
    assert len(list(EpochSampler(2, num_replicas=3))) == 1  # in training an item is dealt twice


def test_fixed_loader_repeats_its_draws():
    loader = KeyedLoader(dataset(), batch_size=3, shuffle=False, fixed=True)
    assert torch.equal(rounds(loader, 1), rounds(loader, 2))


def test_global_random_state_is_left_alone():
    torch.manual_seed(5)
    before, numpy_before = torch.get_rng_state(), np.random.get_state()[1].copy()
    for num_workers in (0, 1):
        rounds(KeyedLoader(dataset(), batch_size=3, num_workers=num_workers), 1)
    assert torch.equal(torch.get_rng_state(), before)
    assert np.array_equal(np.random.get_state()[1], numpy_before)


def test_engines_announce_their_epochs():
    loader = KeyedLoader(dataset(), batch_size=7, seed=2)
    seen = []
    engine = Workflow("cpu", 2, loader, iteration_update=lambda engine, batch: seen.append(batch["image"]))
    engine.run()
    assert torch.equal(seen[0], rounds(loader, 1))
    assert torch.equal(seen[1], rounds(loader, 2))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        pytest.param({"data": [], "seed": 0}, "at least one item", id="empty"),
        pytest.param({"data": DATA, "seed": -1}, "0 or more, got -1", id="negative-seed"),
    ],
)
def test_refuses(words, message):
    with pytest.raises(ValueError, match=message):
        KeyedDataset(words["data"], None, seed=words["seed"])


class TermParent:
    """Sends SIGTERM to the process that makes the first item."""

    def __call__(self, item):
        if item == 0 and torch.utils.data.get_worker_info() is not None:
            os.kill(os.getpid(), signal.SIGTERM)
        return item


def test_workers_outlive_the_signal_that_ends_a_job():
    loader = KeyedLoader(KeyedDataset(list(range(4)), [TermParent()]), batch_size=2, shuffle=False, num_workers=1)
    assert [batch.tolist() for batch in loader] == [[0, 1], [2, 3]]


def test_one_batch_at_least_has_to_be_full_where_smaller_ones_are_dropped():
    assert len(KeyedLoader(dataset(), batch_size=3, drop_last=True)) == 2
    with pytest.raises(ValueError, match=r"7 items a process do not fill one batch of 8.*choose a smaller batch_size"):
        KeyedLoader(dataset(), batch_size=8, drop_last=True)
