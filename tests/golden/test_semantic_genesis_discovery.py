"""Self-discovery agrees with the published program, number by number."""

import numpy as np
import pytest

from medssl.data import CoordinateSearch, cut_cube, dense_weight, nearest, resize_in_plane

FILE = "semantic_genesis/self_discovery.npz"
CUBE = (64, 64, 32)


def volume(number):
    p = number % 6
    i, j, k = (
        np.arange(n, dtype=np.float64).reshape(np.roll((-1, 1, 1), axis)) for axis, n in enumerate((300, 300, 120))
    )
    values = 0.2 + 0.1 * np.sin(0.05 * i + 0.3 * p) * np.cos(0.04 * j) + 0.05 * np.sin(0.1 * k + p)
    return values.astype(np.float32)


@pytest.fixture(scope="module")
def volumes():
    return [volume(number) for number in range(6)]


@pytest.mark.parametrize("resolution", [1, 2, 3])
def test_cubes(golden, volumes, resolution):
    data = golden(FILE)
    rows, chosen = data[f"manifest{resolution}"], data[f"cubes{resolution}_sel"]
    cut = {}
    for row in sorted({*chosen.tolist(), *range(0, 99, 7)}):
        number, *corner, size, depth, _ = rows[row].tolist()
        cut[row] = cut_cube(volumes[number % 6], corner, size=size, cube=(64, 64, depth))
    for row, expected in zip(chosen, data[f"cubes{resolution}_sub"], strict=True):
        np.testing.assert_allclose(cut[int(row)][::8, ::8, ::8], expected, atol=1e-6)
    for row, cube in cut.items():
        assert cube.mean(dtype=np.float64) == pytest.approx(data[f"cubes{resolution}_mean"][row], abs=1e-6)
        assert cube.std(dtype=np.float64) == pytest.approx(data[f"cubes{resolution}_std"][row], abs=1e-6)


@pytest.mark.parametrize("size", [50, 57, 64, 71, 79])
def test_resize(golden, size):
    noise = np.random.Generator(np.random.PCG64(400 + size)).random((size, size, 32))
    resized = resize_in_plane(noise, (64, 64))
    np.testing.assert_allclose(resized[::4, ::4, ::4], golden(FILE)[f"resize_noise_{size}_sub"], atol=1e-12)


def windows(shares):
    shape = (64, 64, 35)
    for number, share in enumerate(shares):
        dense = np.random.Generator(np.random.PCG64(31 + number)).random(shape) < share
        yield np.where(dense, 0.8, 0.1)
    yield np.full(shape, 0.425)
    yield np.full(shape, np.nextafter(0.425, 0))
    for step in (7, 12):
        striped = np.full(shape, 0.1)
        striped[:, :, ::step] = 0.9
        yield striped


def test_lung_filter(golden):
    data = golden(FILE)
    found = list(windows(data["lung_q"]))
    search = CoordinateSearch()
    assert [dense_weight(window) for window in found] == data["lung_weight_sum"].tolist()
    assert [search.accepts(window, (0, 0, 0), cube=CUBE) for window in found] == data["lung_accept"].tolist()


def test_neighbours(golden):
    data = golden(FILE)
    features = np.random.Generator(np.random.PCG64(21)).random((120, 512)).astype(np.float32)
    validation = np.random.Generator(np.random.PCG64(22)).random((8, 512)).astype(np.float32)
    for place, reference in enumerate(data["knn_refs"]):
        order, distances = nearest(features[reference], features)
        assert order[:10].tolist() == data["knn_train_top10"][place].tolist()
        np.testing.assert_allclose(distances[:10], data["knn_train_top10_dist"][place], atol=1e-5)
        assert nearest(features[reference], validation)[0].tolist() == data["knn_val_order"][place].tolist()
    for reference, neighbour in data["manifest1"][:, 0].reshape(-1, 2):
        assert nearest(features[reference], features)[0][:2].tolist() == [reference, neighbour]
