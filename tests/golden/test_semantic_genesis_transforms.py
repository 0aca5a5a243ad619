"""The perturbations against numbers of the published programs; statistics are compared as distributions."""

import numpy as np
import pytest
import torch
from scipy.stats import chi2_contingency, ks_2samp

from medssl.transforms import (
    RandBezierIntensity,
    RandInPaint,
    RandLocalShuffle,
    RandOutPaint,
    RandRepeatedFlip,
    RandSmoothElastic,
    bend_intensity,
    bezier_curve,
    smooth_noise,
    smoothing_matrix,
    warp_in_plane,
)

UNLIKELY = 1e-3  # chance of a seed whose 200 values look foreign although they are not
CONSTANT = {"fill": "constant"}


@pytest.fixture(scope="module")
def values(golden):
    return {**golden("semantic_genesis/transforms.npz"), **golden("semantic_genesis/transform_variants.npz")}


@pytest.fixture(scope="module")
def cube():
    i, j, k = np.meshgrid(np.arange(64), np.arange(64), np.arange(32), indexing="ij")
    noise = np.random.Generator(np.random.PCG64(11)).random((64, 64, 32))
    return (0.6 * (0.5 * i / 63 + 0.3 * j / 63 + 0.2 * k / 31) + 0.1 * noise)[None]


def test_cube(cube, values):
    np.testing.assert_allclose(cube[:, ::8, ::8, ::8], values["cube_sub"], atol=1e-15)
    np.testing.assert_allclose((cube.mean(), cube.std()), values["cube_mean_std"], atol=1e-15)


@pytest.mark.parametrize("branch", ["sort_both", "sort_x_only"])
@pytest.mark.parametrize("number", range(10))
def test_bezier(number, branch, values):
    x, y = bezier_curve(values["bezier_inner_points"][number], 100_000)
    curve = (x, y if branch == "sort_both" else y[::-1])
    inside, expected = values["bezier_x"], values[f"bezier_{branch}"][number]
    np.testing.assert_allclose(np.interp(inside, *curve), expected, atol=1e-13)
    np.testing.assert_allclose(bend_intensity(inside, curve), expected, atol=1e-6)
    outside = bend_intensity(values["bezier_x_outside"], curve)
    np.testing.assert_allclose(outside, values[f"bezier_{branch}_outside"][number], atol=1e-13)


def test_elastic_fields_and_warp(cube, values):
    state = np.random.RandomState(5)
    matrices = [smoothing_matrix(length, sigma=8.0, truncate=4.0) for length in (64, 64, 32)]
    right, down = (991 * smooth_noise(torch.from_numpy(2 * state.rand(64, 64, 32) - 1), matrices) for _ in range(2))
    for field, name in ((right, "dx"), (down, "dy")):
        np.testing.assert_allclose(
            field.permute(1, 2, 0)[::8, ::8, ::8], values[f"elastic_seed5_{name}_sub"], atol=1e-10
        )
    warped = warp_in_plane(torch.from_numpy(cube), down=down, right=right).numpy()
    np.testing.assert_allclose(warped[:, ::4, ::4, ::4], values["elastic_seed5_sub"], atol=1e-10)
    np.testing.assert_allclose((warped.mean(), warped.std()), values["elastic_seed5_mean_std"], atol=1e-10)


RUNS = {
    "local_shuffle": RandLocalShuffle(windows=5),
    "in_paint": RandInPaint(),
    "out_paint": RandOutPaint(),
    "nonlinear": RandBezierIntensity(),
    "elastic": RandSmoothElastic(),
    "keras_in_paint": RandInPaint(size=(10, 20), **CONSTANT),
    "keras_out_paint": RandOutPaint(trim=(10, 20), **CONSTANT),
    "keras_local_shuffle": RandLocalShuffle(windows=5),
    "mg_local_shuffle": RandLocalShuffle(windows=10_000),
    "mg_in_paint": RandInPaint(boxes=5, first_prob=0.95, box_prob=0.95),
    "mg_out_paint": RandOutPaint(boxes=5, box_prob=0.95),
}
CASES = [pytest.param(name, transform, id=name) for name, transform in RUNS.items()]
CASES.append(pytest.param("elastic", RandSmoothElastic(noise="modes"), id="elastic-by-modes"))


@pytest.mark.parametrize(("name", "transform"), CASES)
def test_distributions(name, transform, cube, values):
    transform.set_random_state(7)
    runs = len(values[f"{name}_mean"])
    found = [_statistics(transform(cube), cube, inside="in_paint" in name) for _ in range(runs)]
    for statistic in ("mean", "std", "frac_changed", "mean_abs_diff"):
        if f"{name}_{statistic}" in values:
            ours = [run[statistic] for run in found]
            assert ks_2samp(ours, values[f"{name}_{statistic}"]).pvalue > UNLIKELY, statistic
    if f"{name}_box" in values:
        ours, theirs = np.array([run["box"] for run in found]), values[f"{name}_box"]
        for column in range(6):
            assert ks_2samp(ours[:, column], theirs[:, column]).pvalue > UNLIKELY, f"column {column} of the box"


def _statistics(result, cube, *, inside):
    changed = result != cube
    marked = np.nonzero((changed if inside else ~changed)[0])
    low, high = np.min(marked, axis=1, initial=64), np.max(marked, axis=1, initial=-1)
    return {
        "mean": result.mean(),
        "std": result.std(),
        "frac_changed": changed.mean(),
        "mean_abs_diff": np.abs(result - cube).mean(),
        "box": [*low, *(high - low + 1)],
    }


@pytest.mark.parametrize("noise", ["voxels", "modes"])
def test_displacements(noise, cube, values):
    elastic, found = RandSmoothElastic(noise=noise).set_random_state(7), []
    for _ in range(40):
        elastic.randomize(cube)
        right = elastic.right.permute(1, 2, 0).numpy()
        centre = right[24:40, 24:40, 12:20]
        found.append((right.std(), np.abs(right).max(), np.sqrt((centre**2).mean())))
    for ours, theirs in zip(np.transpose(found), values["elastic_disp_rms_max_centrerms"].T, strict=True):
        assert ks_2samp(ours, theirs).pvalue > UNLIKELY


def test_flips(values):
    flip, image = RandRepeatedFlip(prob=0.4).set_random_state(7), np.zeros((1, 2, 2, 2))
    counts = dict.fromkeys([(), (1,), (0,), (0, 1)], 0)
    for _ in range(4000):
        flip.randomize(image)
        counts[tuple(sorted(flip.flipped))] += 1
    theirs = values["mg_flip_counts_rate0.4_n4000"]
    assert chi2_contingency([list(counts.values()), theirs]).pvalue > UNLIKELY
