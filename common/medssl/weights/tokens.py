"""Published names of a head for tokens, and of the attention that completes them."""

from __future__ import annotations

from collections.abc import Iterator

from medssl.weights.layouts import Entry, Size, State, layer_entries, plain_entries

__all__ = ["completion_entries", "token_entries"]


def token_entries(state: State) -> Iterator[Entry]:
    """A head that brings an image's mean, its coarse places and a decoder's places to the same prototypes.

    Published files have two sets of prototypes, for images and for places, in a teacher with the same numbers; ours
    may have one.

    Source:
        Jiang et al., Alice, ICCV 2023: names of the published program (PyTorch), 14 tensors.
    """
    hidden, channels = _size(state, ("head.mlp.0.weight", "tokens.layers.0.weight"))
    bottleneck, _ = _size(state, ("head.mlp.4.weight", "tokens.layers.4.weight"))
    sizes = (hidden, channels), (hidden, hidden), (bottleneck, hidden)
    for place, size in zip((0, 2, 4), sizes, strict=True):
        yield from plain_entries((f"head.mlp.{place}", f"tokens.layers.{place}"), size)
    yield from plain_entries(("head.mlp3", "tokens.encoder_tokens"), (channels, channels))
    yield from plain_entries(("head.mlp4", "tokens.decoder_tokens"), (channels, None))
    for published, ours in (("head.last_layer", "tokens.last"), ("head.last_layer2", "tokens.token_last")):
        if ours == "tokens.last" or any(key.startswith((f"{published}.", f"{ours}.")) for key in state):
            # The factors that weight normalisation has instead of a weight: length and direction.
            yield Entry(f"{published}.weight_g", f"{ours}.parametrizations.weight.original0", (None, 1))
            yield Entry(f"{published}.weight_v", f"{ours}.parametrizations.weight.original1", (None, bottleneck))


def completion_entries() -> Iterator[Entry]:
    """Cross-attention and two linear layers, each with a norm; four more linear layers, which are never used, are not.

    Source:
        Jiang et al., Alice, ICCV 2023: names of the published program (PyTorch), which never saves them.
    """
    published, ours = "Cross_Att", "completion"
    for theirs, own in (("w_qs", "to_q"), ("w_ks", "to_k"), ("w_vs", "to_v"), ("fc", "out_proj")):
        names = f"{published}.MH_attn.{theirs}", f"{ours}.attention.{own}"
        yield from layer_entries(names, (None, None), bias=False)
    yield from plain_entries((f"{published}.MH_attn.layer_norm", f"{ours}.attention_norm"), (None,))
    yield from plain_entries((f"{published}.pos_ffn.w_1", f"{ours}.widen"), (None, None))
    yield from plain_entries((f"{published}.pos_ffn.w_2", f"{ours}.narrow"), (None, None))
    yield from plain_entries((f"{published}.pos_ffn.layer_norm", f"{ours}.norm"), (None,))


def _size(state: State, names: tuple[str, str]) -> Size:
    """Shape of a linear layer's weight under one of its names, of any size if it is not there."""
    return next((tuple(state[name].shape) for name in names if name in state), (None, None))
