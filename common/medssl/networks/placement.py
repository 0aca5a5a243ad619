"""Where and how a network runs."""

from __future__ import annotations

from typing import TypeVar

import torch
from torch import nn

__all__ = ["place"]

Network = TypeVar("Network", bound=nn.Module)
CHANNELS_LAST = {4: torch.channels_last, 5: torch.channels_last_3d}  # by the axes of a convolution's weight


def place(
    network: Network,
    device: torch.device | str,
    *,
    channels_last: bool = False,
    compile: bool = False,  # noqa: A002
) -> Network:
    """Bring a network to its device and make it fast there, in place, so that its state keys stay.

    Args:
        network: any network.
        device: where its tensors shall lie.
        channels_last: keep the weights of convolutions with channels as the last axis in memory; their outputs
            follow, so the images need no change.
        compile: let ``torch.compile`` translate it at its first call.
    """
    network.to(device)
    if channels_last:
        for parameter in network.parameters():
            if parameter.ndim in CHANNELS_LAST:
                parameter.data = parameter.data.contiguous(memory_format=CHANNELS_LAST[parameter.ndim])
    if compile:
        network.compile()
    return network
