"""One plane of a host becomes an image that knows where it lies."""

import numpy as np
import pytest
import torch

from medssl.transforms import RandHostPlaned

AFFINE = [[0.0, 1.4, 0, 5], [1.4, 0, 0, 6], [0, 0, -8, 7], [0, 0, 0, 1]]


@pytest.fixture
def host(tmp_path):
    """Three planes of three frames, whose values tell plane and frame; two candidates for the first guest."""
    planes = []
    for number in range(3):
        values = 100 * number + 10 * np.arange(3)[:, None, None] + np.arange(4)[:, None] + np.zeros((1, 1, 5))
        np.save(tmp_path / f"{number}.npy", values.astype(np.int16))
        place = {"affine": AFFINE, "location": [0.0, 0.5, None][number], "stack_mm": [16.0, 16.0, None][number]}
        planes.append({"file": str(tmp_path / f"{number}.npy"), "frames": 3, **place})
    guests = [[np.eye(4).tolist(), (2 * np.eye(4)).tolist()], []]
    return {"planes": planes, "guests": guests, "host": 1, "view": "SAX"}


def test_fixed_by_hand(host):
    item = RandHostPlaned(fixed=True)(host)
    assert set(item) == {"image", "guests", "location", "stack_mm", "host"}
    assert item["image"].shape == (1, 4, 5, 1)
    assert item["image"].dtype == item["location"].dtype == item["stack_mm"].dtype == torch.float32
    assert item["image"][0, :, 0, 0].tolist() == [10, 11, 12, 13]  # the middle frame of the first plane
    assert item["image"].affine.dtype == torch.float64
    assert item["image"].affine.tolist() == AFFINE
    assert item["guests"][0].tolist() == (2 * np.eye(4)).tolist()
    assert item["guests"][1] is None
    assert (item["location"].tolist(), item["stack_mm"].tolist(), item["host"]) == ([0], [16], 1)


def test_what_is_unknown_is_not_a_number(host):
    host["planes"] = host["planes"][2:]
    item = RandHostPlaned(fixed=True)(host)
    assert item["location"].isnan().tolist() == item["stack_mm"].isnan().tolist() == [True]


def test_every_plane_frame_and_guest_is_drawn(host):
    draw = RandHostPlaned().set_random_state(0)
    seen = {(float(item["image"][0, 0, 0, 0]), item["guests"][0][0, 0]) for item in (draw(host) for _ in range(200))}
    values = [100 * plane + 10 * frame for plane in range(3) for frame in range(3)]
    assert seen == {(value, guest) for value in values for guest in (1, 2)}


def test_same_seed_same_draw(host):
    items = [RandHostPlaned(key="slice").set_random_state(3)(host)["slice"] for _ in range(2)]
    assert torch.equal(*items)
