import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from monai.transforms import Compose, CopyItemsd

from medssl.data import KeyedDataset, open_stored, write_stored
from medssl.transforms import RandBlockMaskd, RandPairedCropsd, centred_crop

AFFINE = np.array([[-1.5, 0, 0, 40], [0, -1.5, 0, 30], [0, 0, 3, -200], [0, 0, 0, 1.0]])
OTHER = np.array([[-2, 0, 0, 7], [0, -2, 0, 9], [0, 0, 2, 11], [0, 0, 0, 1.0]])
VOLUME = np.arange(1, 9 * 10 * 11 + 1, dtype=np.int16).reshape(1, 9, 10, 11)


def world(affine, index):
    return affine[:3, :3] @ index + affine[:3, 3]


@pytest.fixture(scope="module")
def paths(tmp_path_factory):
    folder = tmp_path_factory.mktemp("store")
    first, second = folder / "first.b2nd", folder / "second.b2nd"
    write_stored(first, VOLUME, affine=AFFINE)
    write_stored(second, 1000 - VOLUME[:, ::-1], affine=OTHER)
    return [str(first), str(second)]


def item(paths, *rows):
    """Rows of voxel indices in both volumes, as an item of points in mm."""
    pairs = np.array([[world(AFFINE, mine), world(OTHER, theirs)] for mine, theirs in rows])
    return {"image": paths[0], "pairs": pairs, "partners": [paths[1]] * len(rows), "patient": "a"}


@pytest.mark.parametrize("centre", [(4, 5, 5), (0, 0, 0), (8, 9, 10), (1, 9, 4), (-3, 5, 5), (40, 5, 5)])
@pytest.mark.parametrize("size", [(4, 4, 4), (3, 6, 1), (20, 20, 20)])
def test_crop_is_that_of_a_padded_volume(centre, size):
    padded = np.pad(VOLUME[0].astype(float), 64, constant_values=-7)
    box = tuple(slice(64 + c - n // 2, 64 + c - n // 2 + n) for c, n in zip(centre, size, strict=True))
    crop = centred_crop(VOLUME, centre, size=size, fill=-7)
    assert crop.dtype == np.float32
    assert (crop[0] == padded[box]).all()
    assert crop[0, size[0] // 2, size[1] // 2, size[2] // 2] == padded[tuple(np.add(centre, 64))]


def test_stored_volumes_and_planes_can_be_cropped(paths):
    from_disk = centred_crop(open_stored(paths[0]), (1, 2, 3), size=(6, 6, 6))
    assert (from_disk == centred_crop(VOLUME, (1, 2, 3), size=(6, 6, 6))).all()
    assert centred_crop(VOLUME[:, 0], (0, 0), size=(2, 2)).tolist() == [[[0, 0], [0, 1]]]


def test_views_are_the_points_surroundings(paths):
    crops = RandPairedCropsd((4, 4, 4), (0, 1000))
    result = crops(item(paths, ((4, 5, 6), (3, 2, 1))))
    assert set(result) == {"image", "patient"}
    assert (result["image"].shape, result["image"].dtype) == ((2, 1, 4, 4, 4), torch.float32)
    assert result["image"][0, 0, 2, 2, 2] == pytest.approx(VOLUME[0, 4, 5, 6] / 1000)
    assert result["image"][1, 0, 2, 2, 2] == pytest.approx(1 - VOLUME[0, ::-1][3, 2, 1] / 1000)
    assert (result["image"][1, 0, :, :, 0] == 0).all()  # one voxel beyond the border


def test_centre_is_the_nearest_voxel(paths):
    exact = item(paths, ((4, 5, 6), (3, 2, 1)))
    near = exact | {"pairs": exact["pairs"] + [0.7, -0.7, 0.9]}
    crops = RandPairedCropsd((4, 4, 4), (0, 1000))
    assert torch.equal(crops(near)["image"], crops(exact)["image"])


def test_window_clips_and_its_floor_is_what_lies_outside(paths):
    view = RandPairedCropsd((2, 2, 2), (500, 600))(item(paths, ((0, 0, 0), (0, 0, 0))))["image"][0, 0]
    assert view.flatten().tolist() == [0] * 8
    view = RandPairedCropsd((1, 1, 3), (500, 600))(item(paths, ((5, 0, 0), (0, 0, 0))))["image"][0, 0, 0, 0]
    assert view.tolist() == pytest.approx([0, 0.51, 0.52])


@pytest.fixture
def scaled(paths, tmp_path):
    """The same volumes with a hundredth of their values, which the store scales."""
    for path in paths:
        stored = open_stored(path)
        write_stored(tmp_path / Path(path).name, stored[:] / 100, affine=stored.vlmeta["affine"])
    return [str(tmp_path / Path(path).name) for path in paths]


@pytest.mark.parametrize(("window", "same"), [("percentiles", "percentiles"), ((1, 6), (100, 600))])
def test_window_is_in_the_units_of_the_image(scaled, paths, window, same):
    rows = (((4, 5, 6), (3, 2, 1)),)
    expected = RandPairedCropsd((4, 4, 4), same)(item(paths, *rows))["image"]
    found = RandPairedCropsd((4, 4, 4), window)(item(scaled, *rows))["image"]
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-3)


def test_percentiles_are_those_of_each_volume(paths):
    rows = (((4, 5, 6), (3, 2, 1)),)
    views = RandPairedCropsd((1, 1, 1), "percentiles")(item(paths, *rows))["image"]
    for view, values, place in zip(views, (VOLUME, 1000 - VOLUME[:, ::-1]), rows[0], strict=True):
        low, high = np.percentile(values, (1, 99))
        assert float(view) == pytest.approx((values[0][place] - low) / (high - low))


def test_rows_are_drawn_evenly_from_the_state(paths):
    rows = [((4, 5, number), (3, 2, 1)) for number in range(4)]
    crops = RandPairedCropsd((1, 1, 1), (0, 1000)).set_random_state(0)
    values = [round(1000 * float(crops(item(paths, *rows))["image"][0])) for _ in range(200)]
    counts = [values.count(VOLUME[0, 4, 5, number]) for number in range(4)]
    assert sum(counts) == 200
    assert min(counts) > 25
    again = RandPairedCropsd((1, 1, 1), (0, 1000)).set_random_state(0)
    assert [round(1000 * float(again(item(paths, *rows))["image"][0])) for _ in range(20)] == values[:20]


def test_whole_and_masked_views_are_keyed_by_epoch_and_index(paths):
    steps = [
        RandPairedCropsd((4, 4, 4), (0, 1000)),
        CopyItemsd("image", names="volume"),
        RandBlockMaskd("image", block=2, views=True),
    ]
    rows = [((number, 5, 6), (3, 2, number)) for number in range(8)]
    views = KeyedDataset([item(paths, *rows)] * 3, Compose(steps), seed=1)
    first, again, later = (views[key] for key in ((0, 2), (0, 2), (1, 2)))
    assert torch.equal(first["image"], again["image"])
    assert not torch.equal(first["volume"], later["volume"])
    shown = first["image"] != 0
    assert torch.equal(first["image"][shown], first["volume"][shown])
    assert (first["volume"] != 0).sum() > 2 * shown.sum()


def test_global_state_and_item_stay_as_they_are(paths):
    given = item(paths, ((4, 5, 6), (3, 2, 1)))
    before, state = dict(given), np.random.get_state()[1].copy()
    RandPairedCropsd((4, 4, 4))(given)
    assert given == before
    assert (np.random.get_state()[1] == state).all()


def test_travels_to_another_process(paths):
    crops = RandPairedCropsd((4, 4, 4), "percentiles", key="scan")
    copy = pickle.loads(pickle.dumps(crops))
    assert (copy.size, copy.window, copy.key) == ((4, 4, 4), "percentiles", "scan")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        pytest.param({"size": (4, 0, 4)}, r"size of 1 voxel or more along each axis, got \[4, 0, 4\]", id="size"),
        pytest.param({"window": (225, -125)}, r"two rising values or 'percentiles', got \(225, -125\)", id="falling"),
        pytest.param({"window": (0,)}, "two rising values", id="one-value"),
        pytest.param({"window": "percentile"}, "or 'percentiles', got 'percentile'", id="other-word"),
    ],
)
def test_bad_words_are_refused(words, message):
    with pytest.raises(ValueError, match=message):
        RandPairedCropsd(**words)


def test_volumes_of_one_value_are_refused_by_name(tmp_path, paths):
    flat = write_stored(tmp_path / "flat.b2nd", np.full((1, 9, 10, 11), 7), affine=AFFINE)
    rows = item(paths, ((4, 5, 6), (3, 2, 1))) | {"image": str(flat)}
    with pytest.raises(ValueError, match=r"that differ are needed, got \[7, 7\] in flat.b2nd; leave this volume"):
        RandPairedCropsd((4, 4, 4), "percentiles")(rows)
