"""Several tasks on one encoder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import Tensor, nn

__all__ = ["MultiTaskNetwork"]


class MultiTaskNetwork(nn.Module):
    """An encoder whose features serve several tasks at once, each named by its key.

    Args:
        encoder: gives a list of maps, coarsest last.
        decoder: makes one map of that list; only needed by ``map_heads``.
        map_heads: by task, what makes its answer from the decoder's map.
        vector_heads: by task, what makes its answer from the encoder's maps.
        tasks: which of the tasks to keep; all by default. Parts that no kept task needs are left out, so that a
            first stage without restoration has no decoder.

    Shape:
        ``(N, C, *S)`` in; a dictionary of each task's answer out.

    Raises:
        ValueError: if a task has no head, or is named like a part of the network.

    Source:
        Haghighi et al., Semantic Genesis, MICCAI 2020, joint self-classification and self-restoration. State keys
        begin with ``encoder.``, ``decoder.`` or the task's name.
    """

    def __init__(
        self,
        encoder: nn.Module,
        decoder: nn.Module | None = None,
        *,
        map_heads: Mapping[str, nn.Module] | None = None,
        vector_heads: Mapping[str, nn.Module] | None = None,
        tasks: Sequence[str] | None = None,
    ) -> None:
        super().__init__()
        heads = {**(map_heads or {}), **(vector_heads or {})}
        kept = list(heads if tasks is None else tasks)
        _check(heads, kept, taken=[*(map_heads or {}), *(vector_heads or {}), *dir(self), "encoder", "decoder"])
        self.map_tasks = [task for task in kept if task in (map_heads or {})]
        self.vector_tasks = [task for task in kept if task not in self.map_tasks]
        if self.map_tasks and decoder is None:
            raise ValueError(f"MultiTaskNetwork needs a decoder for {self.map_tasks}, got none.")
        self.encoder = encoder
        self.decoder = decoder if self.map_tasks else None
        for task in kept:
            self.add_module(task, heads[task])

    def forward(self, image: Tensor) -> dict[str, Tensor]:
        features = self.encoder(image)
        answers = {task: self.get_submodule(task)(features) for task in self.vector_tasks}
        if self.decoder is not None:
            finest = self.decoder(features)
            answers |= {task: self.get_submodule(task)(finest) for task in self.map_tasks}
        return answers


def _check(heads: Mapping[str, nn.Module], kept: Sequence[str], *, taken: Sequence[str]) -> None:
    unknown = [task for task in kept if task not in heads]
    if unknown or not kept:
        raise ValueError(f"MultiTaskNetwork needs tasks out of {sorted(heads)}, got {list(kept)}.")
    doubled = sorted(task for task in heads if taken.count(task) > 1)
    if doubled:
        raise ValueError(f"MultiTaskNetwork needs one head a task, under a name of its own, got {doubled} twice.")
