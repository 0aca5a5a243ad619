"""How long a call takes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any

import torch

__all__ = ["one_thread", "seconds_per_call"]


@contextmanager
def one_thread() -> Iterator[None]:
    """Let torch use one thread, as it does in a loader's worker."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def seconds_per_call(
    task: Callable[[], Any], *, seconds: float = 2.0, blocks: int = 5, clock: Callable[[], float] = time.perf_counter
) -> float:
    """Time of one call: the mean within a block of calls, the median over blocks.

    The mean counts random calls that take now long, now short; the median leaves out what else the machine was doing.

    Args:
        task: what to call; it is called once before the clock starts.
        seconds: time for all blocks together; each makes at least one call.
        blocks: how many blocks.
        clock: ``time.process_time`` leaves out what other processes take, and waiting for a disk or a GPU.
    """
    task()
    means = []
    for _ in range(blocks):
        calls, start = 0, clock()
        while calls == 0 or clock() - start < seconds / blocks:
            task()
            calls += 1
        means.append((clock() - start) / calls)
    return median(means)
