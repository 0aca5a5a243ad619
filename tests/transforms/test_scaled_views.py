import pickle
import re

import numpy as np
import pytest
import torch
from monai.data import MetaTensor

from medssl.data import write_stored
from medssl.transforms import RandScaledViewsd
from medssl.transforms.scaled_views import are_outside, box_cells, box_view

SHAPE, SMALL, SIZE = (80, 70, 50), (20, 90, 9), (32, 32, 16)
SLOPE = np.array([7.0, -5.0, 11.0])  # HU a voxel


def ramp(shape=SHAPE):
    """HU that rise evenly along every axis, so that linear interpolation makes no error."""
    return np.einsum("i,ixyz->xyz", SLOPE, np.indices(shape))[None].astype(np.float32)


def views(volume, seed=0, **words):
    return RandScaledViewsd(**{"size": SIZE, "noise": 0.0, **words}).set_random_state(seed)({"image": volume})


def greys(hu):
    return 255 * (hu + 1024) / 4095 - 50


@pytest.mark.parametrize("seed", range(5))
def test_coordinates_are_where_the_cells_mean_comes_from(seed):
    found = views(ramp(), seed, spacing=2.0)
    for key, stride in (("fine", (2, 2, 2)), ("coarse", (16, 16, 4))):
        means = torch.nn.functional.avg_pool3d(found["image"], stride)[:, 0]
        expected = greys(np.einsum("i,vixyz->vxyz", SLOPE, found[key].double().numpy() / 2.0))
        torch.testing.assert_close(means.double(), torch.from_numpy(expected), rtol=0, atol=1e-3)


def test_cells_by_hand():
    cells = box_cells((10.0, 20.0, 30.0), 1.5, size=(4, 4, 8), stride=(2, 2, 4))
    assert cells.shape == (3, 2, 2, 2)
    assert cells[:, 0, 0, 0].tolist() == [11.0, 21.0, 32.5]  # half a cell of 3, 3, 6 voxels on, less half a voxel
    assert cells[:, 1, 1, 1].tolist() == [14.0, 24.0, 38.5]


def test_a_box_of_whole_voxels_is_a_piece_of_the_volume():
    volume = np.random.RandomState(0).randint(-1000, 1000, (1, 12, 10, 8)).astype(np.int16)
    view = box_view(volume, box_cells((3.0, 2.0, 1.0), 1.0, size=(6, 5, 4)))
    torch.testing.assert_close(view, torch.from_numpy(volume[:, 3:9, 2:7, 1:5]).float(), rtol=0, atol=1e-2)


@pytest.mark.parametrize("seed", range(5))
def test_outside_is_air_without_coordinates(seed):
    transform = RandScaledViewsd(size=SIZE, noise=0.0).set_random_state(seed)
    found = transform({"image": np.full((1, *SMALL), 500, np.int16)})
    for view, corner, scale in zip(found["image"], transform.corners, transform.scales, strict=True):
        outside = are_outside(box_cells(corner, scale, size=SIZE), SMALL)
        assert outside.any()
        assert (view[outside] == -50).all()
        torch.testing.assert_close(view[~outside], torch.full_like(view[~outside], greys(500)))


@pytest.mark.parametrize("seed", range(5))
def test_a_volume_smaller_than_a_view_lies_whole_in_it(seed):
    transform = RandScaledViewsd(size=SIZE).set_random_state(seed)
    known = transform({"image": np.zeros((1, *SMALL), np.int16)})["fine"].isfinite().all(dim=1)  # (2, *cells)
    for cells, scale in zip(known, transform.scales, strict=True):
        for axis, others in ((0, (1, 2)), (2, (0, 1))):
            assert abs(int(cells.amax(others).sum()) - SMALL[axis] / (2 * scale)) <= 1
        assert cells.amax((0, 2)).all()


@pytest.mark.parametrize("seed", range(5))
def test_a_view_lies_inside_a_volume_that_is_large_enough(seed):
    assert views(ramp(), seed)["fine"].isfinite().all()


def test_edges_of_a_volume():
    edges = torch.tensor([-0.51, -0.5, 3.5, 3.51]).expand(3, 4)[:, :, None, None]
    assert are_outside(edges, (4, 4, 4)).flatten().tolist() == [True, False, False, True]


def scales_of(fine):
    """Millimetres from one voxel of each view to the next along x, y, z, ``(2, 3)``."""
    return torch.stack([fine[:, axis].diff(dim=axis + 1).mean(dim=(1, 2, 3)) for axis in range(3)], dim=1) / 2


def test_scales_are_drawn_for_each_view_and_alike_along_all_axes():
    volume = np.zeros((1, 120, 120, 60), np.int8)
    steps = torch.stack([scales_of(views(volume, seed, spacing=1.0)["fine"]) for seed in range(60)])  # (60, 2, 3)
    torch.testing.assert_close(steps.amax(2), steps.amin(2))
    assert (steps.min() > 0.8) & (steps.max() < 1.2)
    assert (steps.min() < 0.82) & (steps.max() > 1.18)
    assert abs(np.corrcoef(steps[:, 0, 0], steps[:, 1, 0])[0, 1]) < 0.4


@pytest.mark.parametrize(("overlap_prob", "least", "most"), [(1.0, 40, 40), (0.5, 15, 30), (0.0, 0, 10)])
def test_views_share_a_place(overlap_prob, least, most):
    volume = np.zeros((1, 200, 200, 120), np.int8)
    shared = 0
    for seed in range(40):
        cells = views(volume, seed, overlap_prob=overlap_prob)["fine"].flatten(2)
        shared += bool((cells.amin(2).amax(0) <= cells.amax(2).amin(0)).all())
    assert least <= shared <= most


def test_noise_differs_between_views_and_keeps_its_limit():
    flat = np.zeros((1, *SHAPE), np.int16)
    deviations = []
    for seed in range(30):
        found = views(flat, seed, noise=3.0)["image"] - greys(0)
        deviations += found.std(dim=(1, 2, 3, 4)).tolist()
    assert max(deviations) < 3.1
    assert np.mean(deviations) == pytest.approx(1.5, abs=0.4)


def test_window():
    for value, window, grey in ((9000, (-1024, 3071), 205.0), (-3000, (-1024, 3071), -50.0), (50, (0, 100), 77.5)):
        found = views(np.full((1, *SHAPE), value, np.int16), window=window)["image"]
        torch.testing.assert_close(found, torch.full_like(found, grey))


class Lazy:
    """Counts what is read of a volume."""

    def __init__(self, volume):
        self.volume, self.shape, self.read = volume, volume.shape, 0

    def __getitem__(self, box):
        self.read += self.volume[box].size
        return self.volume[box]


def test_only_the_boxes_are_read():
    lazy = Lazy(np.zeros((1, 200, 200, 120), np.int16))
    found = views(lazy)
    boxes = [np.prod(np.ceil(np.multiply(SIZE, one)) + 2) for one in (1.2, 1.2)]
    assert 0 < lazy.read <= sum(boxes)
    assert (found["image"] == views(lazy.volume)["image"]).all()


@pytest.mark.parametrize(
    "kind", [torch.from_numpy, lambda one: MetaTensor(torch.from_numpy(one))], ids=["tensor", "meta"]
)
def test_kinds_of_volumes_give_the_same_plain_tensors(kind):
    expected = views(ramp())
    for key, one in views(kind(ramp())).items():
        assert type(one) is torch.Tensor
        assert one.dtype == torch.float32
        torch.testing.assert_close(one, expected[key], equal_nan=True)


def test_seed_decides_and_global_states_are_not_touched():
    np.random.seed(0)
    before = np.random.get_state()[1].tobytes(), torch.get_rng_state().tolist()
    transform = RandScaledViewsd(size=SIZE)
    first, again, other = (transform.set_random_state(seed)({"image": ramp()})["image"] for seed in (1, 1, 2))
    copy = pickle.loads(pickle.dumps(transform)).set_random_state(1)({"image": ramp()})["image"]
    assert torch.equal(first, again)
    assert torch.equal(first, copy)
    assert not torch.equal(first, other)
    assert not torch.equal(first, transform({"image": ramp()})["image"])
    assert before == (np.random.get_state()[1].tobytes(), torch.get_rng_state().tolist())


def test_other_entries_stay():
    assert views(ramp())["image"].shape == (2, 1, *SIZE)
    found = RandScaledViewsd("scan", size=SIZE)({"scan": ramp(), "case": 3})
    assert sorted(found) == ["case", "coarse", "fine", "scan"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"scale": (1.2, 0.8)}, "two rising scales and a spacing above 0"),
        ({"spacing": 0}, "spacing above 0"),
        ({"noise": -1.0}, "noise of 0 or more"),
        ({"size": (32, 32, 18)}, "a size that every stride divides, got (32, 32, 18)"),
        ({"overlap_prob": 2.0}, "needs overlap_prob in [0, 1], got 2.0"),
    ],
)
def test_impossible_words_are_refused(words, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        RandScaledViewsd(**words)


@pytest.mark.parametrize("shape", [(20, 20, 20), (2, 20, 20, 20), (1, 0, 20, 20)])
def test_what_is_no_volume_is_refused(shape):
    with pytest.raises(ValueError, match=re.escape(f"(1, x, y, z), got shape {shape}")):
        views(np.zeros(shape))


@pytest.mark.parametrize("window", [(0.1, 0.9), "percentiles"])
def test_stored_volumes_are_cut_by_their_path(tmp_path, window):
    image = np.random.RandomState(0).rand(1, *SHAPE)
    path = write_stored(tmp_path / "case.b2nd", image, affine=np.eye(4))
    low, high = np.percentile(image, (1, 99)) if window == "percentiles" else window
    expected = views(image, window=(low, high))
    for key, one in views(str(path), window=window).items():
        torch.testing.assert_close(one, expected[key], rtol=0, atol=0.1)


def test_percentiles_of_what_is_not_stored_are_refused():
    with pytest.raises(ValueError, match="got \\[0, 0\\] in an image that is not stored"):
        views(ramp(), window="percentiles")
