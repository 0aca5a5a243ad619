"""Random draws keyed by seed, epoch and item, so that a broken run continues exactly."""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from monai.data import CacheDataset, DataLoader, DistributedSampler

from medssl.data.processes import place_among_processes

__all__ = ["EpochSampler", "KeyedDataset", "KeyedLoader"]

logger = logging.getLogger(__name__)


class KeyedDataset(CacheDataset):
    """A cached dataset whose random transforms draw from the seed, the epoch and the index alone.

    An item is therefore the same whichever worker makes it, after whatever other items, in a run that was never broken
    or one that was continued. Keys are ``(epoch, index)``; a plain index means epoch 0, slices and lists give subsets.

    Args:
        data: items to transform; anything with a length and an index, so lazy sequences may stay on disk.
        otherwise: items to take if there are none in ``data``: with one or two labels MONAI Label keeps no image for
            validation, which then looks at what is trained on.
        transform: what to do with an item. What comes before the first random transform may be cached.
        seed: start of all draws, 0 or more.
        cache_rate: share of the items whose deterministic part is kept in memory, in [0, 1].
        num_workers: threads that fill the cache.
        progress: whether to show a bar while the cache is filled.

    Raises:
        ValueError: if there are no items, or the seed is negative.
    """

    def __init__(
        self,
        data: Sequence,
        transform: Sequence[Callable] | Callable | None = None,
        *,
        otherwise: Sequence = (),
        seed: int = 0,
        cache_rate: float = 0.0,
        num_workers: int = 1,
        progress: bool = True,
    ) -> None:
        if len(data) == 0 and len(otherwise):
            logger.warning("none of the items that a dataset was given; it takes the %d others.", len(otherwise))
            data = otherwise
        if len(data) == 0:
            raise ValueError("KeyedDataset needs at least one item, got none; look at the data list it is given.")
        if seed < 0:
            raise ValueError(f"KeyedDataset needs a seed of 0 or more, got {seed}.")
        self.seed = seed
        self.state = np.random.RandomState()
        super().__init__(data, transform, cache_rate=cache_rate, num_workers=num_workers, progress=progress)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice | list | range):
            return super().__getitem__(index)
        epoch, number = index if isinstance(index, tuple) else (0, index)
        number = range(len(self))[number]  # counts from the end if negative, refuses what is not there
        draws = np.random.SeedSequence([self.seed, int(epoch), number]).generate_state(1)
        self.state.seed(int(draws[0]))  # the draws of a new state, 40 times as fast as making one
        self.transform.set_random_state(state=self.state)
        return super().__getitem__(number)


class EpochSampler(DistributedSampler):
    """Keys ``(epoch, index)`` in an order that depends on the seed and the epoch alone.

    MONAI's engines announce each epoch to a sampler of this kind.

    Args:
        length: number of items in the dataset.
        seed: start of all draws, 0 or more.
        shuffle: whether to draw a new order every epoch.
        rank: number of this process, from 0.
        num_replicas: number of processes; the items are dealt out between them, a few twice if they do not divide.
        fixed: for validation: every epoch is epoch 0, so all draws repeat, and no item is dealt out twice.

    Attributes:
        start: items of this process that the next round, and only it, leaves out: where a broken epoch continues.

    Raises:
        ValueError: if it is fixed and some process would get no item.
    """

    def __init__(
        self,
        length: int,
        *,
        seed: int = 0,
        shuffle: bool = True,
        rank: int = 0,
        num_replicas: int = 1,
        fixed: bool = False,
    ) -> None:
        if fixed and length < num_replicas:
            raise ValueError(
                f"Validation needs a case for every process, got {length} for {num_replicas} processes; "
                "list more validation cases, raise val_fraction, or start fewer processes."
            )
        options = {"rank": rank, "num_replicas": num_replicas, "shuffle": shuffle, "seed": seed}
        super().__init__(range(length), even_divisible=not fixed, **options)
        self.fixed = fixed
        self.start = 0

    def set_epoch(self, epoch: int) -> None:
        super().set_epoch(0 if self.fixed else epoch)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        start, self.start = self.start, 0
        return iter([(self.epoch, index) for index in super().__iter__()][start:])


class KeyedLoader(DataLoader):
    """Batches of a :class:`KeyedDataset`, drawn by an :class:`EpochSampler`.

    Takes rank and number of processes from ``torch.distributed`` if that is initialised, leaves torch's global random
    state alone, starts its workers anew every epoch, and keeps the last, smaller batch unless told to drop it.

    Args:
        dataset: items by ``(epoch, index)``.
        batch_size: items in a batch, of this process.
        shuffle: whether to draw a new order every epoch.
        seed: start of all draws, 0 or more.
        num_workers: processes that make items; 0 makes them in this one. The items are the same.
        fixed: for validation: the same draws in every epoch, see :class:`EpochSampler`.
        options: further words of torch's loader, such as ``pin_memory``.

    Raises:
        ValueError: if a smaller batch is to be dropped (``drop_last``) and there is no other.
    """

    def __init__(
        self,
        dataset: KeyedDataset,
        *,
        batch_size: int = 1,
        shuffle: bool = True,
        seed: int = 0,
        num_workers: int = 0,
        fixed: bool = False,
        **options: Any,
    ) -> None:
        rank, replicas = place_among_processes()
        sampler = EpochSampler(len(dataset), seed=seed, shuffle=shuffle, rank=rank, num_replicas=replicas, fixed=fixed)
        if options.get("drop_last") and len(sampler) < batch_size:
            raise ValueError(
                f"{len(sampler)} items a process do not fill one batch of {batch_size}, and smaller ones are dropped; "
                "choose a smaller batch_size, or give more images."
            )
        generator = torch.Generator().manual_seed(seed)
        words = {"batch_size": batch_size, "sampler": sampler, "generator": generator, **options}
        super().__init__(
            dataset, num_workers=num_workers, persistent_workers=False, worker_init_fn=_start_worker, **words
        )


def _start_worker(number: int) -> None:
    # Schedulers send SIGTERM to all processes of a job; the main one ends it in order, and needs its workers till then.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
