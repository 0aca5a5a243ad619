"""The names that published weights files use, and ours for the same tensors."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from torch import Tensor

from medssl.weights.report import listing

__all__ = ["LAYOUTS", "Entry", "Layout", "find_layout"]

Size = tuple[int | None, ...]
Module = tuple[str, str, Size]  # published name, own name, shape of the weight


@dataclass(frozen=True)
class Entry:
    """One tensor: its published name, ours, and its shape, where None stands for any number."""

    published: str
    ours: str
    shape: Size

    def accepts(self, tensor: Tensor) -> bool:
        """Whether a tensor has the shape."""
        pairs = zip(self.shape, tensor.shape, strict=False)
        return tensor.ndim == len(self.shape) and all(wanted in (None, size) for wanted, size in pairs)


@dataclass(frozen=True)
class Layout:
    """How one family of published files names its tensors.

    Args:
        name: of the family.
        first: published and own name of the weight whose first two axes are width and input channels.
        entries: all tensors, given width and input channels.
        prefix: what may stand before a name.
        strangers: words in names of tensors that belong to another framework and are dropped.
        note: what somebody who loads such a file has to know.
    """

    name: str
    first: tuple[str, str]
    entries: Callable[[int, int], list[Entry]]
    prefix: str = ""
    strangers: tuple[str, ...] = ()
    note: str = ""

    def recognises(self, state: Mapping[str, Tensor]) -> bool:
        """Whether these tensors, without wrappers' prefixes, are named this way."""
        return self.first[0] in state or self.prefix + self.first[0] in state

    def to_ours(self, state: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], list[str]]:
        """Tensors under our names, and the names of those that have none.

        Raises:
            ValueError: if a tensor has another shape than its place in the network, or comes with and without prefix.
        """
        known = {key: tensor for key, tensor in state.items() if not any(word in key for word in self.strangers)}
        plain = {key.removeprefix(self.prefix): tensor for key, tensor in known.items()}
        doubled = [key for key in known if key.startswith(self.prefix) and key.removeprefix(self.prefix) in known]
        if self.prefix and doubled:
            raise ValueError(
                f"{self.name} file needs each tensor once, got {len(doubled)} both with and without the prefix "
                f"{self.prefix}: {listing(doubled)}; remove one of each."
            )
        table = {entry.published: entry for entry in self.entries(*plain[self.first[0]].shape[:2])}
        found = _fitting(plain, table)
        dropped = [key for key in state if key.removeprefix(self.prefix) not in found]
        return {table[key].ours: tensor for key, tensor in found.items()}, dropped

    def to_published(self, state: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], list[str]]:
        """Tensors under the published names, and the names of those that have none.

        Raises:
            ValueError: if a tensor has another shape than its place in the published network.
        """
        table = {entry.ours: entry for entry in self.entries(*state[self.first[1]].shape[:2])}
        found = _fitting(state, table)
        dropped = [key for key in state if key not in found]
        return {table[key].published: tensor for key, tensor in found.items()}, dropped


def _fitting(state: Mapping[str, Tensor], table: Mapping[str, Entry]) -> dict[str, Tensor]:
    wrong = [
        f"{key} {tuple(tensor.shape)} instead of {table[key].shape}"
        for key, tensor in state.items()
        if key in table and not table[key].accepts(tensor)
    ]
    if wrong:
        raise ValueError(f"needs tensors that fit the published network, got {listing(wrong)}.")
    return {key: tensor for key, tensor in state.items() if key in table}


def _unet(width: int, in_channels: int) -> list[Entry]:
    """Four levels down, three up, one restored channel, one classification head.

    Source:
        Network of the published Semantic Genesis, TransVW and Models Genesis programs (PyTorch), 115 tensors.
    """
    down = [2 * width * 2**depth for depth in range(4)]
    modules: list[Module] = []
    for depth, (before, after) in enumerate(zip((in_channels, *down[:3]), down, strict=True)):
        channels = (before, after // 2, after)
        modules += _pair((f"down_tr{64 << depth}", f"encoder.levels.{depth}"), channels)
    for step, depth in enumerate((2, 1, 0)):
        coarse, fine = down[depth + 1], down[depth]
        published = f"up_tr{64 << depth}"
        modules.append((f"{published}.up_conv", f"decoder.ups.{step}.deconv", (coarse, coarse, 2, 2, 2)))
        modules += _pair((published, f"decoder.levels.{step}"), (coarse + fine, fine, fine))
    modules += [
        ("out_tr.final_conv", "volume.conv", (None, down[0], 1, 1, 1)),
        ("clc_out.conv1", "pattern.conv.conv", (None, down[3], 3, 3, 3)),
        ("clc_out.bn1", "pattern.conv.adn.N", (None,)),
        ("clc_out.fc1", "pattern.linear", (None, None)),
    ]
    return [entry for module in modules for entry in _tensors(module)]


def _pair(names: tuple[str, str], channels: tuple[int, int, int]) -> Iterator[Module]:
    published, ours = names
    for place, (before, after) in enumerate(pairwise(channels)):
        yield f"{published}.ops.{place}.conv1", f"{ours}.{place}.conv", (after, before, 3, 3, 3)
        yield f"{published}.ops.{place}.bn1", f"{ours}.{place}.adn.N", (after,)


def _tensors(module: Module) -> Iterator[Entry]:
    """Tensors of one layer; a weight with one axis is that of a batch norm."""
    published, ours, weight = module
    shapes: dict[str, Size] = {"weight": weight, "bias": weight[:1]}
    if len(weight) == 1:
        shapes |= {"running_mean": weight, "running_var": weight, "num_batches_tracked": ()}
    for leaf, shape in shapes.items():
        yield Entry(f"{published}.{leaf}", f"{ours}.{leaf}", shape)


LAYOUTS = (
    Layout(
        name="Genesis U-Net",
        first=("down_tr64.ops.0.conv1.weight", "encoder.levels.0.0.conv.weight"),
        entries=_unet,
        prefix="classficationNet.",  # spelled like this in the files
        strangers=("projection_head", "prototypes"),
        note="made with the statistics of the current batch in training and evaluation: use norm 'batch'",
    ),
)


def find_layout(state: Mapping[str, Tensor]) -> Layout:
    """The published layout that these tensors, without wrappers' prefixes, have.

    Raises:
        ValueError: if it is none that we know.
    """
    for layout in LAYOUTS:
        if layout.recognises(state):
            return layout
    known = ", ".join(f"{layout.name} ({layout.first[0]})" for layout in LAYOUTS)
    raise ValueError(
        f"needs a file in our layout (names begin with 'encoder.') or a published one ({known}), got names "
        f"{listing(list(state))}."
    )
