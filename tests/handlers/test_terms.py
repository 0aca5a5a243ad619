"""Loss terms as numbers."""

from types import SimpleNamespace

import pytest
import torch

from medssl.handlers import LossTerms


def test_whole_and_parts_by_name():
    loss = SimpleNamespace(parts={"volume": torch.tensor(2.0), "pattern": torch.tensor(3.0)})
    assert LossTerms(loss)({"loss": torch.tensor(1.0)}) == {"loss": 1.0, "volume": 2.0, "pattern": 3.0}


def test_a_single_part_is_not_repeated_and_lists_are_read():
    assert LossTerms(SimpleNamespace(parts={"volume": torch.tensor(2.0)}))([{"loss": torch.tensor(1.0)}]) == {
        "loss": 1.0
    }


def test_no_loss_is_an_error_that_says_what_came():
    with pytest.raises(ValueError, match=r"'loss'.*\['pred'\]"):
        LossTerms(torch.nn.MSELoss())({"pred": 1})


def test_other_numbers_come_last_and_are_worked_out_once_an_iteration():
    asked = []

    def other(output):
        asked.append(output)
        return {"health": float(len(asked))}

    terms, first, second = LossTerms(None, others=[other]), {"loss": torch.tensor(1.0)}, {"loss": torch.tensor(1.0)}
    assert [terms(first), terms(first), terms(second)] == [{"loss": 1.0, "health": n} for n in (1.0, 1.0, 2.0)]
    assert asked == [first, second]
