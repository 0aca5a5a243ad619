"""Published checkpoints into files of ours, and back."""

from __future__ import annotations

import hashlib
import io
import logging
import os
from collections.abc import Collection, Mapping
from pathlib import Path

import torch
from torch import Tensor

from medssl.data import write_whole
from medssl.weights.layouts import LAYOUTS, Layout, find_layout
from medssl.weights.reading import read_checkpoint, without_wrappers
from medssl.weights.report import listing
from medssl.weights.saving import write_weights

__all__ = ["convert_checkpoint", "export_checkpoint"]

logger = logging.getLogger(__name__)

NEEDED = {"encoder_decoder": ("encoder", "decoder", "volume"), "encoder": ("encoder",)}
OPTIONAL = ("pattern",)


def convert_checkpoint(
    file: str | os.PathLike,
    *,
    to: str | os.PathLike = ".",
    output: str | os.PathLike = "",
    parts: str = "encoder_decoder",
) -> Path:
    """Write a published checkpoint in our layout, complete or not at all, and log what was dropped.

    Args:
        file: the published file; only tensors and numbers are read.
        to: folder of the bundle that will use it, or NAME where ``bundles/NAME`` is; by default the current folder.
        output: file to write; by default ``models/NAME.pt`` in the bundle, NAME as the published file's.
        parts: what has to be complete: ``"encoder_decoder"``, with the restoration output, or ``"encoder"``. A
            classification head is taken along if it is there.

    Returns:
        The file written; ``.json`` beside it says where it comes from.

    Raises:
        ValueError: if the file is unsafe, of unknown layout, incomplete, holds a tensor of another shape or twice, or
            the output is there already.
    """
    if parts not in NEEDED:
        raise ValueError(f"convert needs parts to be one of {sorted(NEEDED)}, got {parts!r}.")
    target = Path(output) if str(output) else _bundle(to) / "models" / f"{Path(file).stem}.pt"
    if target.exists():
        raise ValueError(f"convert needs a new file, {target.name} is there already; remove it or give another output.")
    state = without_wrappers(read_checkpoint(file))
    layout = find_layout(state)
    ours, dropped = layout.to_ours(state)
    entries = [entry.ours for entry in layout.entries(1, 1)]
    kept = _complete(ours, entries, needed=NEEDED[parts], hint="parts 'encoder' asks for less")
    dropped += [key for key in ours if key not in kept]
    logger.info("%s: %d tensors converted, %d dropped%s", Path(file).name, len(kept), len(dropped), _names(dropped))
    logger.warning("%s: %s.", layout.name, layout.note)
    return write_weights(target, kept, facts=_origin(Path(file), layout, dropped=dropped))


def export_checkpoint(file: str | os.PathLike, output: str | os.PathLike) -> Path:
    """Write weights of ours under the published names, as ``{"state_dict": ...}``, for programs that expect those.

    Args:
        file: weights of a network of the published shape: 4 levels, transposed convolutions, skips.
        output: file to write.

    Raises:
        ValueError: if a part is incomplete or has another shape than the published network.
    """
    state = without_wrappers(read_checkpoint(file))
    layout = next((layout for layout in LAYOUTS if layout.first[1] in state), None)
    if layout is None:
        raise ValueError(f"export needs weights of a convolutional encoder of ours, got {listing(list(state))}.")
    published, dropped = layout.to_published(state)
    entries = {entry.published: entry.ours for entry in layout.entries(1, 1)}
    ours = {entries[key]: tensor for key, tensor in published.items()}
    parts = dict.fromkeys(["encoder", *(_part(key) for key in ours)])
    _complete(ours, entries.values(), needed=parts, hint="only a network of the published shape fits")
    logger.info("%s: %d tensors exported, %d dropped%s", Path(file).name, len(published), len(dropped), _names(dropped))
    buffer = io.BytesIO()
    torch.save({"state_dict": {key: _single(tensor) for key, tensor in published.items()}}, buffer)
    write_whole(output, buffer.getvalue())
    return Path(output)


def _complete(
    state: Mapping[str, Tensor], entries: Collection[str], *, needed: Collection[str], hint: str
) -> dict[str, Tensor]:
    """The needed parts, and optional ones that are there; no part may be there by half."""
    present = {_part(key) for key in state}
    parts = {**dict.fromkeys(needed), **dict.fromkeys(part for part in OPTIONAL if part in present)}
    wanted = [key for key in sorted(entries) if _part(key) in parts]
    missing = [key for key in wanted if key not in state]
    if missing:
        raise ValueError(
            f"needs all {len(wanted)} tensors of {', '.join(parts)}, {len(missing)} are not there: "
            f"{listing(missing)}; {hint}."
        )
    return {key: state[key] for key in state if key in wanted}


def _part(key: str) -> str:
    return key.partition(".")[0]


def _single(tensor: Tensor) -> Tensor:
    return tensor.float() if tensor.is_floating_point() else tensor


def _bundle(to: str | os.PathLike) -> Path:
    for folder in (Path(to), Path("bundles") / to):
        if (folder / "configs").is_dir():
            return folder
    raise ValueError(f"convert needs a bundle's folder, or its name beside 'bundles', got {str(to)!r}.")


def _names(names: list[str]) -> str:
    return f": {listing(names)}" if names else ""


def _origin(file: Path, layout: Layout, *, dropped: list[str]) -> dict[str, object]:
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    return {
        "source": file.name,
        "source_sha256": digest,
        "layout": layout.name,
        "note": layout.note,
        "dropped": dropped,
    }
