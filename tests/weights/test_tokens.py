import pytest
import torch

from medssl.networks import CrossCompletion, TokenHead
from medssl.weights.tokens import completion_entries, token_entries


def head(shared=False):
    state = TokenHead(8, 4, hidden=5, bottleneck=3, length=6, shared=shared).state_dict()
    return {f"tokens.{key}": tuple(tensor.shape) for key, tensor in state.items()}


def tensors(shapes):
    return {key: torch.empty(shape) for key, shape in shapes.items()}


@pytest.mark.parametrize("shared", [False, True], ids=["two-sets", "one-set"])
def test_every_tensor_of_a_head_has_a_published_name_and_its_shape(shared):
    shapes = head(shared)
    entries = {entry.ours: entry for entry in token_entries(tensors(shapes))}
    assert sorted(entries) == sorted(shapes)
    assert all(entries[key].accepts(tensor) for key, tensor in tensors(shapes).items())
    assert len({entry.published for entry in entries.values()}) == len(entries) == (12 if shared else 14)


def test_sizes_are_those_of_the_file_whichever_names_it_has():
    ours = {entry.ours: entry for entry in token_entries(tensors(head()))}
    theirs = {ours[key].published: shape for key, shape in head().items()}
    assert list(token_entries(tensors(theirs))) == list(ours.values())
    assert ours["tokens.layers.2.weight"].shape == (5, 5)
    assert ours["tokens.token_last.parametrizations.weight.original1"].shape == (None, 3)


def test_names_of_the_prototypes():
    names = {entry.published: entry.ours for entry in token_entries(tensors(head()))}
    assert names["head.last_layer.weight_g"] == "tokens.last.parametrizations.weight.original0"
    assert names["head.last_layer2.weight_v"] == "tokens.token_last.parametrizations.weight.original1"


def test_every_tensor_of_a_completion_has_a_published_name():
    shapes = CrossCompletion(8, hidden=6, heads=2, head_channels=3).state_dict()
    entries = {entry.ours: entry for entry in completion_entries()}
    assert sorted(entries) == sorted(f"completion.{key}" for key in shapes)
    assert all(entries[f"completion.{key}"].accepts(tensor) for key, tensor in shapes.items())
    assert entries["completion.attention.to_q.weight"].published == "Cross_Att.MH_attn.w_qs.weight"
    assert entries["completion.narrow.bias"].published == "Cross_Att.pos_ffn.w_2.bias"
