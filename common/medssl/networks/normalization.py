"""Which statistics a normalisation layer uses, chosen by a word."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from monai.networks.layers.factories import Norm, split_args
from torch import Tensor, nn
from torch.nn.functional import batch_norm

__all__ = ["BatchStatistics1d", "BatchStatistics2d", "BatchStatistics3d", "LayerWord", "normalization"]

LayerWord = str | Sequence[Any]
"""A layer by its word, or by (word, arguments), as MONAI's layer factories take it."""


class _BatchStatistics(nn.modules.batchnorm._BatchNorm):
    """What the three classes below share: only the number of axes they accept differs."""

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 (torch's own name, which TorchScript needs)
        self._check_input_dim(input)
        # The published program also updates the buffers in evaluation; see docs/methods/semantic_genesis.md.
        mean = self.running_mean if self.training else None
        variance = self.running_var if self.training else None
        momentum = 0.1 if self.momentum is None else self.momentum
        return batch_norm(input, mean, variance, self.weight, self.bias, True, momentum, self.eps)


class BatchStatistics1d(_BatchStatistics, nn.BatchNorm1d):
    """Batch norm by the statistics of the current batch, in evaluation too, along one axis.

    See :class:`BatchStatistics3d`.

    Shape:
        ``(N, C)`` or ``(N, C, length)`` in, the same out.
    """


class BatchStatistics2d(_BatchStatistics, nn.BatchNorm2d):
    """Batch norm by the statistics of the current batch, in evaluation too, for planes.

    See :class:`BatchStatistics3d`.

    Shape:
        ``(N, C, rows, columns)`` in, the same out.
    """


class BatchStatistics3d(_BatchStatistics, nn.BatchNorm3d):
    """Batch norm by the statistics of the current batch, in evaluation too, for volumes.

    The buffers are there, so that published files load, and follow the training batches, but nothing ever reads
    them. A prediction therefore depends on what else is in its batch, and a batch of one acts as instance norm.

    Shape:
        ``(N, C, rows, columns, depth)`` in, the same out; N x rows x columns x depth must exceed one.

    Source:
        Behaviour of the published Semantic Genesis, TransVW and Models Genesis networks.
    """


@Norm.factory_function("batch_statistics")
def _batch_statistics(dim: int) -> type[_BatchStatistics]:
    """Batch norm by the statistics of the current batch in 1, 2, 3 dimensions."""
    return (BatchStatistics1d, BatchStatistics2d, BatchStatistics3d)[dim - 1]


@Norm.factory_function("none")
def _none(dim: int) -> type[nn.Identity]:
    """No normalisation in any number of dimensions."""
    return nn.Identity


WORDS: dict[str, tuple[str, dict[str, Any]]] = {
    "running": ("batch", {}),
    "batch": ("batch_statistics", {}),
    "instance": ("instance", {"affine": True}),
}


def normalization(norm: LayerWord) -> tuple[str, dict[str, Any]]:
    """Translate our word for a normalisation into MONAI's.

    Args:
        norm: ``"running"`` (ordinary batch norm: running statistics in evaluation), ``"batch"`` (statistics of the
            current batch, always), ``"instance"`` (of each image, with learned scale), ``"none"`` (nothing is
            normalised), or another word of MONAI's ``Norm`` factory such as ``"group"``; or a pair of the word and
            its arguments.

    Raises:
        ValueError: if nobody knows the word.
    """
    word, arguments = split_args(norm)
    if word not in WORDS and str(word).upper() not in Norm.names:
        raise ValueError(
            f"norm needs one of {sorted(WORDS)} or a name of MONAI's Norm factory ({', '.join(Norm.names)}), "
            f"got {word!r}."
        )
    name, defaults = WORDS.get(word, (word, {}))
    return name, {**defaults, **arguments}
