"""Tensors of all processes of a run, one after the other."""

from __future__ import annotations

import torch
import torch.distributed as dist
from torch import Tensor, nn

__all__ = ["average_gradients", "gathered", "process_count", "scattered_shuffle"]


def process_count() -> int:
    """How many processes train together; 1 where ``torch.distributed`` is not initialised."""
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


@torch.no_grad()
def gathered(tensor: Tensor) -> Tensor:
    """The tensors of all processes in the order of their ranks, without gradients; the own one if there is no other.

    Args:
        tensor: of the same shape in every process.

    Shape:
        ``(N, ...)`` in, ``(processes * N, ...)`` out.
    """
    if process_count() == 1:
        return tensor.detach()
    parts = [torch.empty_like(tensor) for _ in range(process_count())]
    dist.all_gather(parts, tensor.detach().contiguous())
    return torch.cat(parts)


@torch.no_grad()
def scattered_shuffle(images: Tensor) -> tuple[Tensor, Tensor]:
    """Exchange images between processes, so that batch statistics do not tell which belong together.

    Args:
        images: of the same shape in every process.

    Returns:
        As many images as came, drawn from those of all processes, and where in ``gathered`` results of them this
        process finds those of its own images.

    Source:
        He et al., Momentum Contrast, CVPR 2020, section 3.3, shuffling BN.
    """
    together = gathered(images)
    order = torch.randperm(len(together), device=images.device)
    dist.broadcast(order, src=0)
    own = slice(dist.get_rank() * len(images), (dist.get_rank() + 1) * len(images))
    return together[order[own]], order.argsort()[own]


@torch.no_grad()
def average_gradients(network: nn.Module) -> None:
    """Give every process the mean of all processes' gradients; for a network small enough to need no wrapper.

    Args:
        network: the same in every process.
    """
    for parameter in network.parameters() if process_count() > 1 else ():
        if parameter.grad is not None:
            dist.all_reduce(parameter.grad)
            parameter.grad /= process_count()
