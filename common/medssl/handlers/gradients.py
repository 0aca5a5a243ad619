"""What happens to gradients between their computation and the step."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from ignite.engine import Engine
from monai.engines import IterationEvents
from torch import Tensor, nn

from medssl.data import switch

__all__ = ["ClipGradients", "DropGradients"]


class ClipGradients:
    """Shorten long gradients after each backward pass.

    Args:
        networks: one, or several; those without a gradient are left alone.
        norm: longest that a gradient may be, > 0.
        per_tensor: shorten each parameter's gradient by itself; False shortens all together, by one factor.

    Raises:
        ValueError: if the norm is not above 0.
        TypeError: if ``per_tensor`` is no truth value.

    Source:
        Caron et al., DINO, ICCV 2021, published program, whose norm of 3.0 holds for each tensor by itself; Pascanu et
        al., On the difficulty of training recurrent neural networks, ICML 2013, algorithm 1, for all together.
    """

    def __init__(
        self, networks: nn.Module | Sequence[nn.Module], *, norm: float = 3.0, per_tensor: bool = True
    ) -> None:
        if norm <= 0:
            raise ValueError(f"ClipGradients needs a norm above 0, got {norm:g}; leave the handler out not to clip.")
        networks = [networks] if isinstance(networks, nn.Module) else networks
        self.parameters = [parameter for network in networks for parameter in network.parameters()]
        self.norm = norm
        self.per_tensor = switch(per_tensor, "per_tensor")

    def attach(self, engine: Engine) -> None:
        """Clip between backward pass and step; attach to a trainer of MONAI."""
        engine.add_event_handler(IterationEvents.BACKWARD_COMPLETED, self)

    @torch.no_grad()
    def __call__(self, engine: Engine) -> None:
        """Shorten what is too long."""
        if not self.per_tensor:
            nn.utils.clip_grad_norm_(self.parameters, self.norm)
            return
        gradients: list[Tensor] = [p.grad for p in self.parameters if p.grad is not None]
        if gradients:
            lengths = torch._foreach_norm(gradients)
            factors = [(self.norm / (length + 1e-6)).clamp(max=1.0) for length in lengths]
            torch._foreach_mul_(gradients, factors)


class DropGradients:
    """Let parameters rest during the first epochs: no step, no weight decay.

    Args:
        parameters: what rests, such as the last layer of a head.
        epochs: epochs without a step for them; 0 means none.

    Raises:
        ValueError: if there are no parameters.

    Source:
        Caron et al., DINO, ICCV 2021, published program: the last layer rests for one epoch.
    """

    def __init__(self, parameters: Iterable[nn.Parameter], *, epochs: int = 1) -> None:
        self.parameters = list(parameters)
        self.epochs = epochs
        if not self.parameters:
            raise ValueError("DropGradients needs parameters, got none; leave the handler out if nothing is to rest.")

    def attach(self, engine: Engine) -> None:
        """Drop between backward pass and step; attach to a trainer of MONAI."""
        engine.add_event_handler(IterationEvents.BACKWARD_COMPLETED, self)

    def __call__(self, engine: Engine) -> None:
        """Take the parameters out of this step."""
        for parameter in self.parameters if engine.state.epoch <= self.epochs else ():
            parameter.grad = None
