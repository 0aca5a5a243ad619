import pytest
import torch
from torch.nn.functional import normalize

from medssl.losses.cells import Cells, HardNegatives, contrast, some_of


def row_of(*places, ranking=None):
    """Cells along one line at these millimetres, each with an axis of its own as embedding."""
    places = torch.tensor(places)
    ranking = torch.eye(len(places)) if ranking is None else ranking
    return Cells(torch.eye(len(places)), places[:, None], ranking)


def test_cells_of_a_view_are_those_with_a_place():
    embedding, ranking = torch.rand(5, 2, 3), torch.rand(7, 2, 3)
    places = torch.rand(2, 2, 3)
    places[1, 0, 2] = torch.nan
    cells = Cells.of_view(embedding, places, ranking=ranking)
    assert [tuple(one.shape) for one in cells] == [(5, 5), (5, 2), (5, 7)]
    assert (cells.embedding[2] == embedding[:, 1, 0]).all()
    assert (cells.places[2] == places[:, 1, 0]).all()


def test_which_cells_lie_in_both_boxes():
    first, second = row_of(0.0, 4.0, 8.0), row_of(3.0, 9.0)
    assert first.inside(second).tolist() == [1, 2]
    assert second.inside(first).tolist() == [0]


@pytest.mark.parametrize(
    ("places", "apart"), [((8.0, 9.0), False), ((8.1, 9.0), True), ((-2.0, -1.0), True), ((), True)]
)
def test_boxes_apart(places, apart):
    one, other = row_of(0.0, 8.0), row_of(*places)
    assert one.are_apart(other) is apart
    assert other.are_apart(one) is apart


def test_similarity_is_that_of_the_definition():
    cells = row_of(0.0, 1.0, 2.0)._replace(embedding=normalize(torch.rand(3, 4), dim=1))
    found = cells.similarity(torch.tensor([2, 0]), torch.tensor([[0, 1], [-1, 2]]))
    cosine = cells.embedding @ cells.embedding.T
    torch.testing.assert_close(found[0], cosine[2, :2])
    assert found[1, 0] == -torch.inf
    torch.testing.assert_close(found[1, 1], cosine[0, 2])


RANKING = torch.tensor(
    [[1.0, 0], [0.9, 0.1], [0.5, 0], [0.7, 0], [-1, 0]]
)  # cells 1, 3, 2, 4 are ever less like cell 0


@pytest.mark.parametrize(
    ("hard", "keep", "expected"),
    [
        pytest.param(2, 2, {2, 3}, id="best-two-but-for-the-near-one"),
        pytest.param(3, 3, {2, 3, 4}, id="all-that-is-far"),
        pytest.param(9, 9, {2, 3, 4, -1}, id="fewer-than-asked-for"),
        pytest.param(9, 4, {2, 3, 4, -1}, id="what-is-left-is-drawn-first"),
    ],
)
def test_hard_negatives_by_hand(hard, keep, expected):
    cells = row_of(0.0, 1.0, 5.0, 6.0, 7.0, ranking=RANKING)
    drawn = HardNegatives(ignore_mm=3.0, hard=hard, keep=keep).draw(cells, torch.tensor([0]))
    assert set(drawn[0].tolist()) == expected


def test_draws_are_an_even_choice_of_the_hardest():
    torch.manual_seed(0)
    count = 4000
    cells = row_of(*torch.arange(40.0).tolist(), ranking=torch.linspace(1, 2, 40)[:, None])
    drawn = HardNegatives(ignore_mm=0.5, hard=10, keep=3).draw(cells, torch.zeros(count, dtype=torch.long))
    assert all(len(set(row)) == 3 for row in drawn.tolist())
    times = torch.bincount(drawn.flatten(), minlength=40)
    assert times[:30].sum() == 0
    assert (times[30:] - 0.3 * count).abs().max() < 5 * (0.21 * count) ** 0.5


def test_some_rows():
    rows = torch.arange(20)
    assert some_of(rows, 20) is rows
    torch.manual_seed(0)
    first, second = some_of(rows, 5), some_of(rows, 5)
    assert len(set(first.tolist())) == 5
    assert first.tolist() != second.tolist()


def test_contrast_by_hand():
    columns = [torch.tensor([[1.0, 0], [0, -torch.inf]]), torch.tensor([[0.0], [-torch.inf]])]
    found = contrast(columns, 0.5)
    torch.testing.assert_close(found, torch.tensor([1 + 2 / torch.e**2, 1.0]).log())
