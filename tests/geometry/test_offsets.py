import pytest
import torch

from medssl.geometry import offset_rows


def test_numbers_by_hand_of_a_cube_of_two():
    rows = offset_rows(2).reshape(8, 8)
    assert rows[0].tolist() == [13, 12, 10, 9, 4, 3, 1, 0]  # 9 a + 3 b + c, each 1 here and 0 one further
    assert rows.diagonal().unique().tolist() == [13]


@pytest.mark.parametrize("side", [1, 2, 3, 4])
def test_each_offset_has_its_own_number(side):
    cells = torch.cartesian_prod(*[torch.arange(side)] * 3)
    offsets = (cells[:, None] - cells).reshape(-1, 3)
    rows = offset_rows(side).flatten()
    numbers = {tuple(offset): row for offset, row in zip(offsets.tolist(), rows.tolist(), strict=True)}
    assert all(numbers[tuple(offset)] == row for offset, row in zip(offsets.tolist(), rows.tolist(), strict=True))
    assert sorted(numbers.values()) == list(range((2 * side - 1) ** 3))


@pytest.mark.parametrize(("side", "used"), [(2, 19), (4, 115), (8, 547)])
def test_the_published_formula_lets_offsets_share_numbers(side, used):
    rows = offset_rows(side, compatible=True)
    assert rows.unique().numel() == used
    assert rows[0, 0, 0, 0, 0, 1] == rows[0, 0, 0, 0, 0, 0] - 1
    assert rows[0, 0, 0, 0, 1, 0] == rows[0, 0, 0, 0, 0, 0] - (2 * side - 1)
    assert rows[0, 0, 0, 1, 0, 0] == rows[0, 0, 0, 0, 0, 0] - (3 * side - 1)
