import pytest
import torch
from monai.networks.nets.swin_unetr import compute_mask, window_partition
from torch import nn

from medssl.geometry import offset_rows
from medssl.networks.windows import WindowAttention, from_windows, shift_regions, to_windows

SIZE = [4, 6, 8]


def map_of(channels, size=SIZE, count=2):
    return torch.rand(count, *size, channels, generator=torch.Generator().manual_seed(0))


def test_windows_are_those_of_monai():
    tokens = map_of(5)
    ours = to_windows(tokens, [2, 3, 4])
    theirs = window_partition(tokens, (2, 3, 4))  # MONAI has the images outermost
    assert torch.equal(ours, theirs.unflatten(0, (2, -1)).transpose(0, 1).flatten(0, 1))
    assert torch.equal(from_windows(ours, [2, 3, 4], size=SIZE), tokens)


def test_regions_part_the_cells_that_monai_parts():
    for shift in ([1, 1, 2], [1, 2, 3]):
        regions = to_windows(shift_regions(SIZE, [2, 3, 4], shift=shift), [2, 3, 4]).squeeze(2)
        apart = regions[:, :, None] != regions[:, None]
        assert torch.equal(-100.0 * apart, compute_mask(SIZE, (2, 3, 4), shift, "cpu"))


def test_an_axis_that_is_not_shifted_parts_nothing():
    regions = shift_regions(SIZE, [2, 6, 4], shift=[1, 0, 2])
    assert torch.equal(regions, regions[:, :, :1].expand_as(regions))
    assert not shift_regions(SIZE, SIZE, shift=[0, 0, 0]).diff(dim=1).any()


def attention_by_definition(layer, tokens, source, window):
    """Cell by cell, in windows that are not shifted."""
    answer = torch.zeros_like(tokens)
    heads, length = layer.heads, tokens.shape[-1] // layer.heads
    cells = list(torch.cartesian_prod(*[torch.arange(side) for side in window]))
    rows = offset_rows(layer.window, compatible=True)
    for corner in torch.cartesian_prod(
        *[torch.arange(0, n, w) for n, w in zip(tokens.shape[1:4], window, strict=True)]
    ):
        places = [tuple((corner + cell).tolist()) for cell in cells]
        for image in range(len(tokens)):
            own = torch.stack([tokens[image][place] for place in places])
            other = layer.input(torch.stack([source[image][place] for place in places]))
            query, key, value = torch.cat([own, other], dim=1)[:, -3 * tokens.shape[-1] :].chunk(3, dim=1)
            joined = []
            for head in range(heads):
                part = slice(head * length, (head + 1) * length)
                bias = torch.tensor([[layer.table[rows[(*a, *b)], head] for b in cells] for a in cells])
                logits = query[:, part] @ key[:, part].T / length**0.5 + bias
                joined.append(logits.softmax(dim=1) @ value[:, part])
            for place, vector in zip(places, layer.output(torch.cat(joined, dim=1)), strict=True):
                answer[image][place] = vector
    return answer


@pytest.mark.parametrize("cross", [False, True], ids=["own", "cross"])
@pytest.mark.parametrize(("size", "window"), [((2, 4, 2), (2, 2, 2)), ((1, 2, 4), (1, 2, 2))], ids=["whole", "thin"])
def test_attention_by_definition(cross, size, window):
    layer = attention(window=2, cross=cross)
    tokens, skip = map_of(4, size), map_of(4, size).flip(1)
    with torch.no_grad():
        found = layer(tokens, skip if cross else tokens)
        expected = attention_by_definition(layer, tokens, skip if cross else tokens, window)
    torch.testing.assert_close(found, expected)


def attention(**words):
    torch.manual_seed(0)
    layer = WindowAttention(4, head_channels=2, **words)
    nn.init.normal_(layer.table)
    return layer


def test_few_windows_at_a_time_give_the_same():
    layer, tokens = attention(window=2, shifted=True), map_of(4)
    whole = layer(tokens, tokens)
    layer.budget = 2 * 8 * 8 * 5  # five windows: the last part is smaller
    torch.testing.assert_close(layer(tokens, tokens), whole)


def test_padding_takes_part_and_is_cut_off():
    layer, tokens = attention(window=2), map_of(4, [3, 2, 2])
    padded = torch.cat([tokens, torch.zeros(2, 1, 2, 2, 4)], dim=1)
    torch.testing.assert_close(layer(tokens, tokens), layer(padded, padded)[:, :3])


def test_an_axis_no_longer_than_the_window_is_not_shifted():
    tokens = map_of(4, [2, 2, 4])
    plain, shifted = attention(window=2), attention(window=2, shifted=True)
    rolled = tokens.roll(-1, 3)
    apart = torch.cat([plain(part, part) for part in (rolled[..., :2, :], rolled[..., 2:, :])], dim=3).roll(1, 3)
    found = shifted(tokens, tokens)
    torch.testing.assert_close(found[..., 1:3, :], apart[..., 1:3, :])  # the window in the middle is whole
    small = map_of(4, [2, 2, 2])
    torch.testing.assert_close(shifted(small, small), plain(small, small))


def test_only_the_table_is_saved():
    assert sorted(attention(window=2).state_dict()) == [
        "input.bias",
        "input.weight",
        "output.bias",
        "output.weight",
        "table",
    ]
