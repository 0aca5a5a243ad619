import pytest
import torch

from medssl.checks import one_thread, seconds_per_call


class Clock:
    """Goes on by what a call takes, and by nothing else."""

    def __init__(self, durations):
        self.now, self.durations = 0.0, list(durations)

    def __call__(self):
        return self.now

    def task(self):
        self.now += self.durations.pop(0)


@pytest.mark.parametrize(
    ("durations", "blocks", "expected"),
    [
        pytest.param([9, 1, 3, 2, 2], 2, 2, id="first-call-does-not-count"),
        pytest.param([0, 1, 3, 2, 2, 40], 3, 2, id="median-over-blocks"),
        pytest.param([0, 1, 1, 1, 5], 1, 2, id="mean-within-a-block"),
        pytest.param([0, 70, 80, 90], 3, 80, id="one-call-at-least"),
    ],
)
def test_value_by_hand(durations, blocks, expected):
    clock = Clock(durations)
    assert seconds_per_call(clock.task, seconds=4 * blocks, blocks=blocks, clock=clock) == expected


def test_threads_come_back_even_after_an_error():
    before = torch.get_num_threads()
    with one_thread():
        assert torch.get_num_threads() == 1
    with pytest.raises(KeyError), one_thread():
        raise KeyError
    assert torch.get_num_threads() == before
