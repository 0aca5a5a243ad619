"""How a network is called: precision around MONAI's inferers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from monai.inferers import Inferer, SimpleInferer
from torch import Tensor

from medssl.data import switch

__all__ = ["AutocastInferer", "bfloat16_is_fast"]


class AutocastInferer(Inferer):
    """Run another inferer in bfloat16 where the device gains from it, and hand back float32.

    bfloat16 keeps float32's range, so no gradient scaling is needed, on CPU as on CUDA. MONAI's own ``amp`` knows only
    CUDA.

    Args:
        inferer: what calls the network; plain forward if None.
        enabled: False leaves everything in float32.

    Shape:
        As the wrapped inferer; tensors, lists or dictionaries of tensors come back as float32.

    Raises:
        TypeError: if ``enabled`` is no truth value, such as the string 'true'.
    """

    def __init__(self, inferer: Inferer | None = None, enabled: bool = False) -> None:
        self.inferer = SimpleInferer() if inferer is None else inferer
        self.enabled = switch(enabled, "amp")

    def __call__(self, inputs: Tensor, network: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Call the network through the wrapped inferer."""
        with torch.autocast(inputs.device.type, dtype=torch.bfloat16, enabled=self.enabled):
            outputs = self.inferer(inputs, network, *args, **kwargs)
        return _float32(outputs)


def _float32(outputs: Any) -> Any:
    """Cast every floating tensor of a nested output to float32."""
    if isinstance(outputs, dict):
        return {key: _float32(value) for key, value in outputs.items()}
    if isinstance(outputs, (list, tuple)):
        return getattr(outputs, "_make", type(outputs))(_float32(value) for value in outputs)
    return outputs.float() if isinstance(outputs, Tensor) and outputs.is_floating_point() else outputs


def bfloat16_is_fast(device: torch.device | str) -> bool:
    """Tell whether a device calculates in bfloat16 by itself; elsewhere it is emulated, and slow.

    Args:
        device: where the network will run.
    """
    kind = torch.device(device).type
    if kind == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    abilities = torch.cpu.get_capabilities() if kind == "cpu" and hasattr(torch.cpu, "get_capabilities") else {}
    return bool(abilities.get("avx512_bf16") or abilities.get("amx_bf16"))
