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
from medssl.weights.layouts import Layout
from medssl.weights.loading import in_our_layout, part_of, with_channels
from medssl.weights.published import LAYOUTS, find_layout
from medssl.weights.reading import read_checkpoint, without_wrappers
from medssl.weights.report import listing
from medssl.weights.saving import write_weights

__all__ = ["convert_checkpoint", "export_checkpoint"]

logger = logging.getLogger(__name__)

PARTS = ("encoder_decoder", "encoder")
ALONE = "encoder"  # the one form that is ours
HEADS = ("pattern", "embedding", "category")  # on the encoder


def convert_checkpoint(
    file: str | os.PathLike,
    *,
    to: str | os.PathLike = ".",
    output: str | os.PathLike = "",
    parts: str = PARTS[0],
    take: str = "",
) -> Path:
    """Write a published checkpoint in our layout, complete or not at all, and log what was dropped.

    Args:
        file: the published file; only tensors and numbers are read.
        to: folder of the bundle that will use it, or NAME where ``bundles/NAME`` is; by default the current folder.
        output: file to write; by default ``models/NAME.pt`` in the bundle, NAME as the published file's.
        parts: what has to be complete: ``"encoder_decoder"``, all that files of this layout have, or ``"encoder"``. A
            head on the encoder, for classes or embeddings, is taken along if it is there.
        take: which of several networks in the file, see :func:`read_checkpoint`.

    Returns:
        The file written; ``.json`` beside it says where it comes from.

    Raises:
        ValueError: if the file is unsafe, of unknown layout, incomplete, holds a tensor of another shape or twice, or
            the output is there already.
    """
    if parts not in PARTS:
        raise ValueError(f"convert needs parts to be one of {sorted(PARTS)}, got {parts!r}.")
    target = Path(output) if str(output) else _bundle(to) / "models" / f"{Path(file).stem}.pt"
    if target.exists():
        raise ValueError(f"convert needs a new file, {target.name} is there already; remove it or give another output.")
    state = without_wrappers(read_checkpoint(file, take=take))
    layout = find_layout(state)
    ours, dropped = layout.to_ours(state)
    needed, optional = (layout.whole, layout.extra) if parts == PARTS[0] else (PARTS[1:], ())
    kept = _complete(ours, layout, needed=needed, optional=[*HEADS, *optional], hint="parts 'encoder' asks for less")
    dropped += [key for key in ours if key not in kept]
    fresh = layout.fresh(kept)
    logger.info("%s: %d tensors converted, %d dropped%s", Path(file).name, len(kept), len(dropped), _names(dropped))
    for key in fresh:
        logger.warning("%s: %s is missing, such files never have it.", Path(file).name, key)
    logger.warning("%s: %s.", layout.name, layout.note)
    facts = {**_origin(Path(file), layout), "take": take, "dropped": dropped, "missing": list(fresh)}
    return write_weights(target, {**kept, **fresh}, facts=facts)


def export_checkpoint(
    file: str | os.PathLike, output: str | os.PathLike, *, form: str = "", in_channels: int = 0
) -> Path:
    """Write weights of ours under published names, for programs that expect those, or the encoder's alone.

    Args:
        file: weights of a network of a published shape; a published file to be put into another form is one, too.
        output: file to write.
        form: ``"unet"``, encoder, decoder and restoration output as the authors' files have them: for a residual
            encoder those of ``Unet`` in segmentation_models_pytorch. ``"resnet"``, the residual encoder alone, and the
            linear layer for classes if there is one, as torchvision names them. ``"embedding"``, a network that embeds
            every place, as its authors' files. ``"encoder"``, any encoder under our own names and nothing else, as
            MONAI's exports want it. By default the first but this one that the weights can have.
        in_channels: of the network that will read the file; 0 for those of the weights. One becomes several and
            several become one without another answer to grey images.

    Raises:
        ValueError: if the form is unknown or not one of such weights, the channels cannot be had from theirs, or a part
            is incomplete or has another shape than the published network.
    """
    state = dict(in_our_layout(without_wrappers(read_checkpoint(file)))[0])
    if form == ALONE:
        return _written(_encoder_of(state, in_channels), output)
    layout = _layout(form, state)
    if in_channels:
        state[layout.first] = _seeing(state[layout.first], in_channels)
    published, dropped = layout.to_published(state)
    ours = {key: tensor for key, tensor in state.items() if key not in dropped}
    parts = dict.fromkeys(["encoder", *(part_of(key) for key in ours)])
    _complete(ours, layout, needed=parts, hint="only a network of the published shape fits")
    logger.info("%s: %d tensors exported, %d dropped%s", Path(file).name, len(published), len(dropped), _names(dropped))
    return _written(published, output, wrapper=layout.wrapper)


def _written(tensors: Mapping[str, Tensor], output: str | os.PathLike, *, wrapper: str = "") -> Path:
    content = {key: _single(tensor) for key, tensor in tensors.items()}
    buffer = io.BytesIO()
    torch.save({wrapper: content} if wrapper else content, buffer)
    write_whole(output, buffer.getvalue())
    return Path(output)


def _layout(form: str, state: Mapping[str, Tensor]) -> Layout:
    """The layout of this form that a network with these tensors of ours may have."""
    forms = sorted({ALONE, *(layout.form for layout in LAYOUTS if layout.form)})
    if form not in ("", *forms):
        raise ValueError(f"export needs form to be one of {forms}, got {form!r}.")
    of_form = [layout for layout in LAYOUTS if layout.form and form in ("", layout.form)]
    for layout in of_form:
        if layout.first in state:
            return layout
    raise ValueError(
        f"export{form and f' to form {form!r}'} needs weights of ours with "
        f"{' or '.join(layout.first for layout in of_form)}, got {listing(list(state))}."
    )


def _encoder_of(state: Mapping[str, Tensor], in_channels: int) -> dict[str, Tensor]:
    encoder = {key: tensor for key, tensor in state.items() if part_of(key) == ALONE}
    if not encoder or in_channels:
        raise ValueError(
            f"export to form {ALONE!r} needs weights of an encoder, and leaves its channels as they are, got "
            f"{listing(list(state))} and in_channels {in_channels}."
        )
    return encoder


def _seeing(first: Tensor, in_channels: int) -> Tensor:
    weight = with_channels(_single(first), in_channels)
    if weight.shape[1] != in_channels:
        raise ValueError(
            f"export for {in_channels} input channels needs weights of 1 or {in_channels}, or in_channels 1, got "
            f"weights of {first.shape[1]}."
        )
    return weight


def _complete(
    state: Mapping[str, Tensor], layout: Layout, *, needed: Collection[str], optional: Collection[str] = (), hint: str
) -> dict[str, Tensor]:
    """The needed parts, and optional ones that are there; no part may be there by half."""
    entries = sorted(entry.ours for entry in layout.entries(state))
    present = {part_of(key) for key in state}
    parts = [*needed, *(part for part in optional if part in present and part not in needed)]
    absent = [part for part in parts if part not in map(part_of, entries)]
    if absent:
        raise ValueError(f"needs {', '.join(parts)}, a {layout.name} file never has {', '.join(absent)}; {hint}.")
    wanted = [key for key in entries if part_of(key) in parts]
    missing = [key for key in wanted if key not in state]
    if missing:
        raise ValueError(
            f"needs all {len(wanted)} tensors of {', '.join(parts)}, {len(missing)} are not there: "
            f"{listing(missing)}; {hint}."
        )
    return {key: state[key] for key in state if key in wanted}


def _single(tensor: Tensor) -> Tensor:
    return tensor.float() if tensor.is_floating_point() else tensor


def _bundle(to: str | os.PathLike) -> Path:
    for folder in (Path(to), Path("bundles") / to):
        if (folder / "configs").is_dir():
            return folder
    raise ValueError(f"convert needs a bundle's folder, or its name beside 'bundles', got {str(to)!r}.")


def _names(names: list[str]) -> str:
    return f": {listing(names)}" if names else ""


def _origin(file: Path, layout: Layout) -> dict[str, object]:
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    return {"source": file.name, "source_sha256": digest, "layout": layout.name, "note": layout.note}
