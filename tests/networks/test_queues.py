"""The queue of keys."""

import pytest
import torch

from medssl.networks import KeyQueue


def keys(*numbers):
    return torch.tensor([[float(number), 0.0] for number in numbers])


def test_starts_with_directions():
    torch.testing.assert_close(KeyQueue(8, 5).keys.norm(dim=0), torch.ones(5))


def test_first_in_first_out():
    queue = KeyQueue(2, 4)
    queue.enqueue(keys(2, -3))
    queue.enqueue(keys(4, 5))
    assert queue.keys[0].tolist() == [1, -1, 1, 1]
    assert int(queue.pointer) == 0
    queue.enqueue(keys(-6, -7))
    assert queue.keys[0].tolist() == [-1, -1, 1, 1]
    assert int(queue.pointer) == 2


def test_age_counts_steps_since_the_oldest_key():
    queue = KeyQueue(2, 4)
    ages = []
    for _ in range(5):
        queue.enqueue(keys(1, 1))
        ages.append(queue.age)
    assert ages == [1, 1, 1, 1, 1]
    one_by_one = KeyQueue(2, 4)
    for _ in range(6):
        one_by_one.enqueue(keys(1))
    assert one_by_one.age == 3


def test_travels_in_the_state():
    queue, other = KeyQueue(2, 4), KeyQueue(2, 4)
    queue.enqueue(keys(1, 1))
    other.load_state_dict(queue.state_dict())
    assert torch.equal(other.keys, queue.keys)
    assert (int(other.pointer), other.age) == (2, 1)


@pytest.mark.parametrize("count", [3, 8])
def test_batches_that_do_not_divide_it_are_refused_with_one_that_does(count):
    with pytest.raises(ValueError, match=rf"queue of 4 keys.*got {count} keys.*batch_size such as [24], or another"):
        KeyQueue(2, 4).enqueue(torch.ones(count, 2))


def test_no_room_is_refused():
    with pytest.raises(ValueError, match="at least one key of length 1, got 0 of length 8"):
        KeyQueue(8, 0)
