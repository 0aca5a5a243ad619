"""Published files of nnFormer, as Alice has it."""

from __future__ import annotations

from collections.abc import Iterator
from re import match

import torch
from torch import Tensor

from medssl.geometry import offset_rows
from medssl.weights.layouts import Entry, Layout, Size, State, plain_entries, shape_of
from medssl.weights.tokens import completion_entries, token_entries

__all__ = ["WINDOWED", "windowed_entries"]

PATCHES = (("proj1.conv1", "proj1.norm1"), ("proj1.conv2", "proj1.norm2"), ("proj2.conv1", "proj2.norm1"))
TABLE, INDEX = "attn.relative_position_bias_table", "attn.relative_position_index"


def _block(names: tuple[str, str], channels: int, *, cross: bool = False) -> Iterator[Entry]:
    """One block; its table has a row for each offset in the window and a column for each head."""
    published, ours = names
    yield Entry(f"{published}.{TABLE}", f"{ours}.attention.table", (None, None))
    layers: tuple[tuple[str, str, Size], ...] = (
        ("norm1", "norm1", (channels,)),
        ("attn.kv" if cross else "attn.qkv", "attention.input", ((2 if cross else 3) * channels, channels)),
        ("attn.proj", "attention.output", (channels, channels)),
        ("norm2", "norm2", (channels,)),
        ("mlp.fc1", "mlp.linear1", (4 * channels, channels)),
        ("mlp.fc2", "mlp.linear2", (channels, 4 * channels)),
    )
    for theirs, own, weight in layers:
        yield from plain_entries((f"{published}.{theirs}", f"{ours}.{own}"), weight)


def _patches(width: int) -> Iterator[Entry]:
    before: int | None = None  # as many as the image has
    for place, (conv, norm) in enumerate((*PATCHES, ("proj2.conv2", "norm"))):
        after = width if place > 1 else width // 2
        published, ours = "model_down.patch_embed", "encoder.patches"
        yield from plain_entries((f"{published}.{conv}", f"{ours}.convs.{place}"), (after, before, 3, 3, 3))
        yield from plain_entries((f"{published}.{norm}", f"{ours}.norms.{place}"), (after,))
        before = after


def _depths(state: State) -> list[int]:
    """Blocks on each of the encoder's grids."""
    pattern = r"(?:model_down\.layers|encoder\.stages)\.(\d+)\.(?:blocks\.)?(\d+)\."
    places = [(int(found[1]), int(found[2])) for key in state if (found := match(pattern, key))]
    return [1 + max(block for at, block in places if at == grid) for grid in sorted({grid for grid, _ in places})]


def _encoder(state: State, width: int) -> Iterator[Entry]:
    depths = _depths(state)
    yield from _patches(width)
    for grid, depth in enumerate(depths):
        channels, published = width << grid, f"model_down.layers.{grid}"
        for block in range(depth):
            yield from _block((f"{published}.blocks.{block}", f"encoder.stages.{grid}.{block}"), channels)
        yield from plain_entries((f"model_down.norm{grid}", f"encoder.norms.{grid}"), (channels,))
        if grid + 1 < len(depths):
            down = f"encoder.downs.{grid + 1}"
            yield from plain_entries((f"{published}.downsample.norm", f"{down}.norm"), (channels,))
            weight = (2 * channels, channels, 3, 3, 3)
            yield from plain_entries((f"{published}.downsample.reduction", f"{down}.conv"), weight)


def _decoder(state: State, width: int) -> Iterator[Entry]:
    """The published file counts grids from the finest, ours from the coarsest."""
    grids = len(_depths(state)) - 1
    for grid in range(grids):
        channels, published, ours = width << grid, f"decoder.layers.{grid}", grids - 1 - grid
        yield from _block((f"{published}.blocks.0", f"decoder.joins.{ours}"), channels, cross=True)
        yield from _block((f"{published}.blocks.1", f"decoder.blocks.{ours}"), channels)
        up = f"decoder.ups.{ours}"
        yield from plain_entries((f"{published}.Upsample.norm", f"{up}.norm"), (2 * channels,))
        yield from plain_entries(
            (f"{published}.Upsample.up", f"{up}.conv"), (2 * channels, channels, 2, 2, 2), bias=(channels,)
        )


def windowed_entries(state: State) -> list[Entry]:
    """All tensors of the network that the given ones are from, but for the coarser outputs, which are not trained."""
    (width,) = shape_of(state, ("model_down.norm0.weight", "encoder.norms.0.weight"))
    restored = plain_entries(("final.0.up", "volume.conv"), (width, None, 2, 2, 2), bias=(None,))
    heads = *token_entries(state), *completion_entries()
    return [*_encoder(state, width), *_decoder(state, width), *restored, *heads]


def _places(state: State) -> dict[str, Tensor]:
    """The table of places, in training noise of deviation 0.02: zeros come nearer to it than any other table."""
    (width,) = shape_of(state, ("encoder.norms.0.weight",))
    coarsest = len(_depths(state)) - 1
    rows = shape_of(state, (f"encoder.stages.{coarsest}.0.attention.table",))[0]
    side = _window(rows) << coarsest  # in images of up to 64 voxels the coarsest window is the whole grid
    return {"encoder.position": torch.zeros(1, width, side, side, side)}


def _rows(state: State) -> dict[str, Tensor]:
    """Which row of its table each two places in a window have."""
    sides = {key.removesuffix(TABLE): _window(len(table)) for key, table in state.items() if key.endswith(TABLE)}
    rows = {side: offset_rows(side, compatible=True).reshape(side**3, side**3) for side in set(sides.values())}
    return {f"{block}{INDEX}": rows[side] for block, side in sides.items()}


def _window(rows: int) -> int:
    """Side of the window whose table has so many rows."""
    return (round(rows ** (1 / 3)) + 1) // 2


WINDOWED = Layout(
    name="Alice nnFormer",
    mark=r"(backbone\.)?model_down\.",
    first="encoder.patches.convs.0.weight",
    entries=windowed_entries,
    form="unet",
    wrapper="state_dict",
    prefixes=("backbone.",),
    whole=("encoder", "decoder"),
    extra=("volume", "tokens", "completion"),
    fresh=_places,
    derived=_rows,
    note=(
        "made for crops of 64 voxels with HU -125..225 brought to 0..1, by networks with compatible_index True; the "
        "table of places was noise that was never saved, so it starts from zeros, and the attention that completes "
        "tokens was not saved either"
    ),
)
