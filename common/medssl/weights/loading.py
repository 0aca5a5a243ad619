"""Weights into a network, and an account of it."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import torch
from torch import Tensor, nn

from medssl.weights.published import find_layout, is_ours
from medssl.weights.reading import read_checkpoint, without_wrappers
from medssl.weights.report import LoadReport, listing

__all__ = ["SCRATCH", "in_our_layout", "load_pretrained", "load_weights", "part_of", "with_channels"]

logger = logging.getLogger(__name__)

Network = TypeVar("Network", bound=nn.Module)
SCRATCH = "scratch"
PARTS = ("encoder", "decoder")


def load_pretrained(
    network: Network, pretrained: str | os.PathLike, *, parts: Sequence[str] = PARTS, fresh: Sequence[str] = ()
) -> Network:
    """Start a network from pre-trained weights, and log what was loaded.

    Args:
        network: any network whose state keys begin with the names of its parts.
        pretrained: a weights file of ours, a published one whose layout we know, or ``"scratch"`` to leave the
            network as it is.
        parts: which parts have to be loaded completely, as far as the network has them. Everything else, such as
            a head for other classes, is loaded where name and shape agree.
        fresh: parts of the network that start from random values all the same.

    Returns:
        The same network.

    Raises:
        ValueError: if the file cannot be read, its layout is unknown, or a tensor of the parts is not in it; if the
            network has no such part to start fresh.
    """
    if str(pretrained) == SCRATCH:
        logger.info("the network starts from random values (pretrained is %r).", SCRATCH)
        return network
    load_weights(network, read_checkpoint(pretrained), parts=parts, fresh=fresh, source=Path(pretrained).name)
    return network


def load_weights(
    network: nn.Module,
    state: Mapping[str, Tensor],
    *,
    parts: Sequence[str] = PARTS,
    fresh: Sequence[str] = (),
    source: str = "weights",
) -> LoadReport:
    """Copy tensors into a network by name; the report is logged and returned.

    Args:
        network: see :func:`load_pretrained`; it keeps its number type and device.
        state: tensors in our layout or in a published one.
        parts: see :func:`load_pretrained`.
        fresh: see :func:`load_pretrained`.
        source: what to call the tensors in the report.

    Raises:
        ValueError: if the layout is unknown, the network has none of the parts, a tensor of them is missing or has
            another shape, or a weight of them has no place in the network. The network is untouched then.
    """
    ours, dropped, never = in_our_layout(without_wrappers(state))
    target = _without_parts(network.state_dict(), fresh)
    known = {**never, **ours}
    fitted, notes = _fit(known, target)
    loaded = [key for key in fitted if key in ours]
    missing = [f"{key} ({_why(key, file=known, network=target)})" for key in target if key not in fitted]
    unused = [key for key in ours if key not in target]
    wanted = [part for part in parts if part in map(part_of, target)]
    if not wanted:
        raise ValueError(f"needs a network with {' or '.join(parts)}, got one with {listing(list(target))}.")
    needed = [name for name in missing if part_of(name) in wanted]
    if needed:
        raise ValueError(
            f"{source} needs every tensor of {' and '.join(parts)} that the network has, {len(needed)} do not come "
            f"from it: {listing(needed)}; load it into the network it was made with, or ask for fewer parts."
        )
    surplus = [key for key in unused if part_of(key) in wanted and ours[key].ndim > 1]
    if surplus:
        raise ValueError(
            f"{source} needs a network with a place for every weight of {' and '.join(wanted)}, there is none "
            f"for {len(surplus)}: {listing(surplus)}; load it into the network it was made with."
        )
    unused += dropped
    missing += [f"{key} (never in such files)" for key in fitted if key not in ours]
    report = LoadReport(source, len(target), _percent(network, fitted), loaded, missing, unused, notes)
    with torch.no_grad():
        for key, tensor in fitted.items():
            target[key].copy_(tensor)
    logger.info("%s", report)
    return report


def in_our_layout(state: Mapping[str, Tensor]) -> tuple[Mapping[str, Tensor], list[str], Mapping[str, Tensor]]:
    """Tensors under our names, the published names of those that have none, and what such files never have.

    Args:
        state: tensors in our layout, which stay as they are, or in a published one, without wrappers' prefixes.
    """
    if is_ours(state):
        return state, [], {}
    layout = find_layout(state)
    logger.warning("names of a published %s file: %s.", layout.name, layout.note)
    ours, dropped = layout.to_ours(state)
    return ours, dropped, layout.fresh(ours)


def _without_parts(state: Mapping[str, Tensor], parts: Sequence[str]) -> dict[str, Tensor]:
    known = dict.fromkeys(map(part_of, state))
    unknown = [part for part in parts if part not in known]
    if unknown:
        raise ValueError(f"the network has no {' or '.join(unknown)} to start fresh; it has {', '.join(known)}.")
    return {key: tensor for key, tensor in state.items() if part_of(key) not in parts}


def _fit(state: Mapping[str, Tensor], target: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], list[str]]:
    """Tensors that have a place, convolutions that see the image brought to the network's input channels."""
    fitted, notes = {}, []
    for key in [key for key in target if key in state]:
        tensor, wanted = state[key], target[key].shape
        if part_of(key) == "encoder" and tensor.shape != wanted and len(wanted) > 3:
            tensor = with_channels(tensor, wanted[1])
        if tensor.shape != wanted:
            continue
        fitted[key] = tensor
        if tensor.shape != state[key].shape:
            how = "summed" if wanted[1] == 1 else f"repeated and divided by {wanted[1]}"
            notes.append(f"{key} (from {state[key].shape[1]} to {wanted[1]} input channels, {how})")
    return fitted, notes


def with_channels(weight: Tensor, channels: int) -> Tensor:
    """A first convolution that answers to grey images as before, whatever the number of channels."""
    if channels == 1:
        return weight.sum(dim=1, keepdim=True)
    return weight.repeat_interleave(channels, dim=1) / channels if weight.shape[1] == 1 else weight


def part_of(key: str) -> str:
    """The part of a network that a tensor's name begins with."""
    return key.partition(".")[0]


def _why(key: str, *, file: Mapping[str, Tensor], network: Mapping[str, Tensor]) -> str:
    if key not in file:
        return "not in the file"
    return f"file {tuple(file[key].shape)}, network {tuple(network[key].shape)}"


def _percent(network: nn.Module, loaded: Mapping[str, Tensor]) -> float:
    sizes = {key: value.numel() for key, value in network.named_parameters() if key.startswith("encoder.")}
    return 100 * sum(size for key, size in sizes.items() if key in loaded) / max(1, sum(sizes.values()))
