"""Embeddings from feature maps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from torch import Tensor, nn

from medssl.networks.features import global_average

__all__ = ["PerceptronLayers", "ProjectionHead"]


class PerceptronLayers(nn.Module):
    """Linear layers with ReLU between them.

    Args:
        widths: of the input, each hidden layer, and the output.
        norm: whether batch norm follows each linear layer but the last.
        last_norm: whether batch norm without learned scale follows the last.

    Shape:
        ``(N, widths[0])`` in, ``(N, widths[-1])`` out.

    Raises:
        ValueError: if there are fewer than two widths.

    Source:
        Chen et al., MoCo v2, 2020 (no norm); Zbontar et al., Barlow Twins, ICML 2021 (norm between); Chen and He,
        SimSiam, CVPR 2021 (norm between, and at the end of the projection).
    """

    def __init__(self, widths: Sequence[int], *, norm: bool = False, last_norm: bool = False) -> None:
        super().__init__()
        self.layers = nn.Sequential(*_layers(widths, norm=norm, last_norm=last_norm))

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 (torch's own name for what is no image)
        return self.layers(input)


def _layers(widths: Sequence[int], *, norm: bool, last_norm: bool) -> Iterator[nn.Module]:
    if len(widths) < 2:
        raise ValueError(f"linear layers need the widths of input and output, got {list(widths)}.")
    steps = list(pairwise(widths))
    for before, after in steps[:-1]:
        yield nn.Linear(before, after, bias=not norm)
        if norm:
            yield nn.BatchNorm1d(after)
        yield nn.ReLU()
    yield nn.Linear(*steps[-1])
    if last_norm:
        yield nn.BatchNorm1d(widths[-1], affine=False)


class ProjectionHead(nn.Module):
    """An embedding from the coarsest map: mean over space, then linear layers.

    Args:
        in_channels: of the encoder's coarsest map (``encoder.channels[-1]``).
        widths: of each hidden layer and the embedding.
        norm: see :class:`PerceptronLayers`.
        last_norm: see :class:`PerceptronLayers`.

    Shape:
        A list of maps, coarsest last, in; ``(N, widths[-1])`` out, of any length.

    Raises:
        ValueError: if there is no width.

    Source:
        See :class:`PerceptronLayers`; Haghighi et al., DiRA, CVPR 2022: widths 2048, 128.
    """

    def __init__(self, in_channels: int, *, widths: Sequence[int], norm: bool = False, last_norm: bool = False) -> None:
        super().__init__()
        self.layers = nn.Sequential(*_layers([in_channels, *widths], norm=norm, last_norm=last_norm))

    def forward(self, features: list[Tensor]) -> Tensor:
        return self.layers(global_average(features[-1]))
