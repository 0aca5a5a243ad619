"""Random states."""

import io
import random

import numpy as np
import torch

from medssl.handlers.randomness import capture_random_state, restore_random_state


def draw():
    return random.random(), np.random.rand(), np.random.randn(), torch.rand(1).item()


def test_draws_repeat_after_a_round_trip_through_a_safe_file():
    np.random.randn()
    file = io.BytesIO()
    torch.save(capture_random_state(), file)
    first = draw()
    draw()
    file.seek(0)
    restore_random_state(torch.load(file, weights_only=True))
    assert draw() == first
