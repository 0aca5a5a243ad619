"""Published files of anatomical embeddings: an anisotropic ResNet with a fine and a coarse head."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from medssl.weights.layouts import Entry, Layout, Size, State, layer_entries, shape_of

__all__ = ["ANATOMICAL_EMBEDDING"]

FIRST = ("backbone.conv1.conv.weight", "encoder.stem.conv.weight")
LENGTH = ("neck.fpn_convs.0.conv.weight", "fine.last.weight")
KERNELS = ((1, 3, 3), (1, 3, 3), (3, 3, 3), (3, 3, 3))


def _embedding(state: State) -> list[Entry]:
    """A ResNet-18 with axes (z, y, x), a pyramid of its first three maps, and a head on its last.

    Source:
        Yan et al., SAM, TMI 2022: names of the published program and of its UAE successor (PyTorch, mmcv), 138 tensors.
    """
    width, in_channels = shape_of(state, FIRST)[:2]
    length = shape_of(state, LENGTH)[0]
    channels = [width * 2**stage for stage in range(4)]
    entries = _normalised(("backbone.conv1", "encoder.stem"), (width, in_channels, 3, 7, 7))
    for stage, (before, after) in enumerate(pairwise((width, *channels))):
        for block in range(2):
            names = f"backbone.layer{stage + 1}.{block}", f"encoder.stages.{stage}.{block}"
            entries += _block(names, (after if block else before, after), kernel=KERNELS[stage], whole=block == 1)
    for stage, before in enumerate(channels[:3]):
        names = f"neck.lateral_convs.{stage}.conv", f"fine.laterals.{stage}"
        entries += layer_entries(names, (length, before, 1, 1, 1))
    entries += layer_entries(("neck.fpn_convs.0.conv", "fine.last"), (length, length, 3, 3, 3))
    lateral = "read_out_head.lateral_convs.0.conv", "coarse.laterals.0"
    entries += layer_entries(lateral, (length, channels[3], 1, 1, 1))
    entries += layer_entries(("read_out_head.fpn_convs.0.conv", "coarse.last"), (length, length, 3, 3, 3))
    return entries


def _block(names: tuple[str, str], channels: tuple[int, int], *, kernel: Size, whole: bool) -> Iterator[Entry]:
    published, ours = names
    before, after = channels
    yield from _normalised((f"{published}.conv1", f"{ours}.first"), (after, before, *kernel))
    yield from _normalised((f"{published}.conv2", f"{ours}.second"), (after, after, *kernel))
    if not whole:
        yield from _normalised((f"{published}.downsample", f"{ours}.shortcut"), (after, before, 1, 1, 1))


def _normalised(names: tuple[str, str], weight: Size) -> list[Entry]:
    published, ours = names
    convolution = layer_entries((f"{published}.conv", f"{ours}.conv"), weight, bias=False)
    return [*convolution, *layer_entries((f"{published}.bn", f"{ours}.adn.N"), weight[:1])]


ANATOMICAL_EMBEDDING = Layout(
    name="SAM embedding",
    mark=r"backbone\.conv1\.(conv|bn)\.|neck\.lateral_convs\.|read_out_head\.",
    first=FIRST[1],
    entries=_embedding,
    form="embedding",
    wrapper="state_dict",
    whole=("encoder", "fine", "coarse"),
    note="made for volumes at 2 mm, oriented LPS, with HU -1024..3071 brought to -50..205",
)
