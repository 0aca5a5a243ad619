"""Published files of U-Nets made of plain convolutions."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from medssl.weights.layouts import Entry, Layout, Size, State, layer_entries, shape_of

__all__ = ["CONVOLUTIONAL_UNET"]

Module = tuple[tuple[str, str], Size]  # published and own name, shape of the weight
FIRST = ("down_tr64.ops.0.conv1.weight", "encoder.levels.0.0.conv.weight")


def _unet(state: State) -> list[Entry]:
    """Four levels down, three up, one restored channel, one classification head.

    Source:
        Network of the published Semantic Genesis, TransVW and Models Genesis programs (PyTorch), 115 tensors.
    """
    width, in_channels = shape_of(state, FIRST)[:2]
    down = [2 * width * 2**depth for depth in range(4)]
    modules: list[Module] = []
    for depth, (before, after) in enumerate(zip((in_channels, *down[:3]), down, strict=True)):
        channels = (before, after // 2, after)
        modules += _pair((f"down_tr{64 << depth}", f"encoder.levels.{depth}"), channels)
    for step, depth in enumerate((2, 1, 0)):
        coarse, fine = down[depth + 1], down[depth]
        published = f"up_tr{64 << depth}"
        modules.append(((f"{published}.up_conv", f"decoder.ups.{step}.deconv"), (coarse, coarse, 2, 2, 2)))
        modules += _pair((published, f"decoder.levels.{step}"), (coarse + fine, fine, fine))
    modules += [
        (("out_tr.final_conv", "volume.conv"), (None, down[0], 1, 1, 1)),
        (("clc_out.conv1", "pattern.conv.conv"), (None, down[3], 3, 3, 3)),
        (("clc_out.bn1", "pattern.conv.adn.N"), (None,)),
        (("clc_out.fc1", "pattern.linear"), (None, None)),
    ]
    return [entry for names, weight in modules for entry in layer_entries(names, weight)]


def _pair(names: tuple[str, str], channels: tuple[int, int, int]) -> Iterator[Module]:
    published, ours = names
    for place, (before, after) in enumerate(pairwise(channels)):
        yield (f"{published}.ops.{place}.conv1", f"{ours}.{place}.conv"), (after, before, 3, 3, 3)
        yield (f"{published}.ops.{place}.bn1", f"{ours}.{place}.adn.N"), (after,)


CONVOLUTIONAL_UNET = Layout(
    name="Genesis U-Net",
    mark=r"(classficationNet\.)?down_tr\d+\.",
    first=FIRST[1],
    entries=_unet,
    form="unet",
    wrapper="state_dict",
    prefixes=("classficationNet.",),  # spelled like this in the files
    strangers=("projection_head", "prototypes"),
    note="made with the statistics of the current batch in training and evaluation: use norm 'batch'",
)
