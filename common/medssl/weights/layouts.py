"""How tables of published and own names are written, and tensors carried from one to the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from re import match

import torch
from torch import Tensor

from medssl.weights.report import listing

__all__ = ["Entry", "Layout", "layer_entries", "plain_entries", "shape_of"]

Size = tuple[int | None, ...]
State = Mapping[str, Tensor]


@dataclass(frozen=True)
class Entry:
    """One tensor under both names.

    Args:
        published: its name in published files.
        ours: its name in ours.
        shape: its shape, where None stands for any number.
        skip: how many input channels come from a skip connection; last in the published tensor, first in ours.
    """

    published: str
    ours: str
    shape: Size
    skip: int = 0

    def accepts(self, tensor: Tensor) -> bool:
        """Whether a tensor has the shape."""
        pairs = zip(self.shape, tensor.shape, strict=False)
        return tensor.ndim == len(self.shape) and all(wanted in (None, size) for wanted, size in pairs)

    def to_ours(self, tensor: Tensor) -> Tensor:
        """The published tensor with its input channels in our order."""
        return tensor.roll(self.skip, dims=1) if self.skip else tensor

    def to_published(self, tensor: Tensor) -> Tensor:
        """Our tensor with its input channels in the published order."""
        return tensor.roll(-self.skip, dims=1) if self.skip else tensor


def _none(state: State) -> dict[str, Tensor]:
    return {}


@dataclass(frozen=True)
class Layout:
    """How one family of published files names its tensors.

    Args:
        name: of the family.
        mark: pattern that the beginning of a name has in such files only.
        first: our name of the convolution that sees the image.
        entries: all tensors of the network that the given ones, under published or own names, are from.
        form: word for such a file where one is written; empty if they are only read.
        wrapper: key under which a written file holds its tensors; empty if it holds nothing else.
        prefixes: what may stand before a name, the longest first.
        strangers: words in names of tensors that belong to something else and are dropped.
        whole: parts that a complete file has.
        extra: parts that it may have beside them.
        fresh: gives what published files never have of the network that tensors under our names are from.
        derived: gives the constants that go with tensors under published names.
        note: what somebody who loads such a file has to know.
    """

    name: str
    mark: str
    first: str
    entries: Callable[[State], list[Entry]]
    form: str = ""
    wrapper: str = ""
    prefixes: tuple[str, ...] = ()
    strangers: tuple[str, ...] = ()
    whole: tuple[str, ...] = ("encoder", "decoder", "volume")
    extra: tuple[str, ...] = ()
    fresh: Callable[[State], dict[str, Tensor]] = _none
    derived: Callable[[State], dict[str, Tensor]] = _none
    note: str = ""

    def recognises(self, state: State) -> bool:
        """Whether these tensors, without wrappers' prefixes, are named this way."""
        return any(match(self.mark, key) for key in state)

    def to_ours(self, state: State) -> tuple[dict[str, Tensor], list[str]]:
        """Tensors under our names, and the names of those that have none.

        Raises:
            ValueError: if a tensor has another shape than its place in the network, comes with and without prefix, or
                a constant is another.
        """
        known = [key for key in state if not any(word in key for word in self.strangers)]
        plain = {self._bare(key): state[key] for key in known}
        if len(plain) < len(known):
            self._refuse_twins(known)
        table = {entry.published: entry for entry in self.entries(plain)}
        found = _fitting(plain, table)
        constants = self._constants(plain)
        dropped = [key for key in state if key not in known or self._bare(key) not in (found.keys() | constants.keys())]
        return {table[key].ours: table[key].to_ours(tensor) for key, tensor in found.items()}, dropped

    def to_published(self, state: State) -> tuple[dict[str, Tensor], list[str]]:
        """Tensors under the published names, and the names of those that have none.

        Raises:
            ValueError: if a tensor has another shape than its place in the published network.
        """
        table = {entry.ours: entry for entry in self.entries(state)}
        found = _fitting(state, table)
        dropped = [key for key in state if key not in found]
        published = {table[key].published: table[key].to_published(tensor) for key, tensor in found.items()}
        return {**published, **self.derived(published)}, dropped

    def _bare(self, key: str) -> str:
        return next((key.removeprefix(prefix) for prefix in self.prefixes if key.startswith(prefix)), key)

    def _refuse_twins(self, names: Iterable[str]) -> None:
        bare = [self._bare(key) for key in names]
        twins = sorted({key for key in bare if bare.count(key) > 1})
        raise ValueError(
            f"{self.name} file needs each tensor once, got {len(twins)} both with and without the prefix "
            f"{' or '.join(self.prefixes)}: {listing(twins)}; remove one of each."
        )

    def _constants(self, state: State) -> dict[str, Tensor]:
        constants = self.derived(state)
        others = [key for key in constants if key in state and not torch.equal(state[key], constants[key])]
        if others:
            raise ValueError(
                f"{self.name} file needs the constants of the published network, got others: {listing(others)}; what "
                "was learnt with them means something else."
            )
        return constants


def layer_entries(names: tuple[str, str], weight: Size, *, bias: bool = True, skip: int = 0) -> Iterator[Entry]:
    """The tensors of one layer.

    Args:
        names: published and own name of the layer.
        weight: shape of its weight; with one axis it is that of a batch norm, which also has statistics.
        bias: whether it has one.
        skip: see :class:`Entry`; of the weight.
    """
    shapes: dict[str, Size] = {"weight": weight}
    if bias:
        shapes["bias"] = weight[:1]
    if len(weight) == 1:
        shapes |= {"running_mean": weight, "running_var": weight, "num_batches_tracked": ()}
    published, ours = names
    for leaf, shape in shapes.items():
        yield Entry(f"{published}.{leaf}", f"{ours}.{leaf}", shape, skip=skip if leaf == "weight" else 0)


def plain_entries(names: tuple[str, str], weight: Size, *, bias: Size | None = None) -> Iterator[Entry]:
    """Weight and bias of one layer without statistics.

    Args:
        names: published and own name of the layer.
        weight: shape of its weight.
        bias: shape of its bias; by default one for each of the weight's first axis.
    """
    published, ours = names
    yield Entry(f"{published}.weight", f"{ours}.weight", weight)
    yield Entry(f"{published}.bias", f"{ours}.bias", bias or weight[:1])


def shape_of(state: State, names: Iterable[str]) -> tuple[int, ...]:
    """Shape of the first of these tensors that is there.

    Args:
        state: tensors by name.
        names: of one tensor, as different files have it.

    Raises:
        ValueError: if none is there.
    """
    names = list(names)
    for name in names:
        if name in state:
            return tuple(state[name].shape)
    raise ValueError(f"needs {names[0]}, which tells the size of its network, got {listing(list(state))}.")


def _fitting(state: State, table: Mapping[str, Entry]) -> dict[str, Tensor]:
    wrong = [
        f"{key} {tuple(tensor.shape)} instead of {table[key].shape}"
        for key, tensor in state.items()
        if key in table and not table[key].accepts(tensor)
    ]
    if wrong:
        raise ValueError(f"needs tensors that fit the published network, got {listing(wrong)}.")
    return {key: tensor for key, tensor in state.items() if key in table}
