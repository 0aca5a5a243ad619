"""Answers of a network and of constants."""

import math
import pickle

import pytest
import torch

from medssl.engines import ConstantAnswers, LineOutput, LocationOutput

NONE = math.nan


def item(host, heights, location):
    """A plane with two line channels of one pixel each."""
    return {
        "host": host,
        "lines": torch.tensor(heights).reshape(2, 1, 1),
        "location": torch.tensor([location]),
    }


ITEMS = [item(0, [0.2, 0.6], 0.0), item(0, [0.4, NONE], 0.5), item(1, [NONE, 1.0], NONE), item(0, [0.6, NONE], 0.4)]


class Counted(list):
    reads = 0

    def __getitem__(self, index):
        self.reads += 1
        return super().__getitem__(index)


def test_means_over_what_is_known_by_host_else_over_all():
    constant = ConstantAnswers(ITEMS)
    lines = constant("lines", torch.tensor([1, 0, 0]))
    assert lines.shape == (3, 2, 1, 1)
    torch.testing.assert_close(lines.flatten(1), torch.tensor([[0.4, 1], [0.4, 0.6], [0.4, 0.6]]))
    torch.testing.assert_close(constant("location", torch.tensor([0, 1])), torch.tensor([[0.3], [0.3]]))


def test_views_that_were_never_seen_get_the_mean_of_the_others():
    lines = ConstantAnswers(ITEMS)("lines", torch.tensor([0, 7]))
    torch.testing.assert_close(lines[1].flatten(), torch.tensor([0.4, 0.8]))


def test_what_was_never_known_has_no_answer():
    assert ConstantAnswers([item(0, [0.2, NONE], 0.0)])("lines", torch.tensor([0]))[0, 1].isnan().all()


def test_items_are_read_once_and_only_when_asked_for():
    items = Counted(ITEMS)
    constant = ConstantAnswers(items)
    assert items.reads == 0
    for task in ("lines", "location", "lines"):
        constant(task, torch.tensor([0]))
    assert items.reads == len(ITEMS)


def test_hosts_may_be_tensors_and_tasks_fewer():
    items = [{"host": torch.tensor([2]), "location": torch.tensor([0.5])}]
    assert ConstantAnswers(items, ["location"])("location", torch.tensor([[2]])).tolist() == [[0.5]]


def test_travels_to_another_process():
    constant = pickle.loads(pickle.dumps(ConstantAnswers(ITEMS)))
    assert constant("location", torch.tensor([0])).item() == pytest.approx(0.3)


LABEL = {
    "line_forms": torch.zeros(2, 2, 3),
    "pixel_axes": torch.eye(2).expand(2, 2, 2),
    "host": torch.tensor([0, 1]),
    "location": torch.tensor([[0.1], [0.2]]),
    "stack_mm": torch.tensor([[80.0], [90.0]]),
}
OUTPUT = {"pred": {"lines": torch.ones(2, 2, 1, 1), "location": torch.ones(2, 1)}, "label": LABEL}


def test_line_output():
    for constant in (None, ConstantAnswers(ITEMS)):
        found = LineOutput(constant)(OUTPUT)
        assert list(found) == ["maps", "line_forms", "pixel_axes"]
        expected = constant("lines", LABEL["host"]) if constant else OUTPUT["pred"]["lines"]
        torch.testing.assert_close(found["maps"], expected, equal_nan=True)
        assert found["line_forms"] is LABEL["line_forms"]
        assert found["pixel_axes"] is LABEL["pixel_axes"]


def test_location_output():
    for constant in (None, ConstantAnswers(ITEMS)):
        found = LocationOutput(constant)(OUTPUT)
        assert list(found) == ["answer", "location", "stack_mm"]
        expected = constant("location", LABEL["host"]) if constant else OUTPUT["pred"]["location"]
        torch.testing.assert_close(found["answer"], expected, equal_nan=True)
        assert found["stack_mm"] is LABEL["stack_mm"]
