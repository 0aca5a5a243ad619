"""What a run ran on."""

from __future__ import annotations

import platform

import torch

__all__ = ["hardware"]


def hardware(device: torch.device | str) -> str:
    """Name of the GPU, or the processor's architecture and the threads used.

    Args:
        device: where the network runs.
    """
    device = torch.device(device)
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{device.type} ({platform.machine()}, {torch.get_num_threads()} threads)"
