"""Several processes of one run: which of them this is, and when all have come this far."""

from __future__ import annotations

import torch.distributed

__all__ = ["place_among_processes", "wait_for_all"]


def place_among_processes() -> tuple[int, int]:
    """Rank of this process and number of processes; 0 and 1 where ``torch.distributed`` is not initialised."""
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        return torch.distributed.get_rank(), torch.distributed.get_world_size()
    return 0, 1


def wait_for_all() -> None:
    """Wait until every process of the run is here; alone there is nothing to wait for."""
    if place_among_processes()[1] > 1:
        torch.distributed.barrier()
