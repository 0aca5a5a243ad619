"""The views against numbers of the published program: distortions draw for draw, the rest as distributions."""

import zlib
from random import Random

import numpy as np
import pytest
from monai.bundle import ConfigParser
from scipy.stats import binomtest, chisquare, ks_2samp

from medssl.transforms import RandBoxDistortion
from tests.sources import ROOT

UNLIKELY = 1e-3  # chance of a seed whose values look foreign although they are not
BRANCHES = ("cut", "keep", "swap", "none")


@pytest.fixture(scope="module")
def values(golden):
    return dict(golden("dira/transforms.npz"))


@pytest.fixture(scope="module")
def base(values):
    base = np.random.Generator(np.random.PCG64(11)).integers(1, 256, (224, 224)).astype(np.uint8)
    mean, std, checksum = values["dist_base_fingerprint"]
    assert (base.mean(), base.std()) == pytest.approx((mean, std))
    assert zlib.crc32(base.tobytes()) == checksum
    return base[None]


def distorted(base, seed):
    distort = RandBoxDistortion()
    distort.draw((224, 224), Random(seed))
    return distort.branch, distort.apply(base) if distort._do_transform else base


def test_distortions_draw_for_draw(base, values):
    columns = values["dist_runs_columns"].tolist()
    for run in values["dist_runs"]:
        branch, result = distorted(base, int(run[columns.index("seed")]))
        assert BRANCHES.index(branch) == run[columns.index("branch")]
        channels_last = np.repeat(np.moveaxis(result, 0, -1), 3, axis=-1)
        assert zlib.crc32(channels_last.tobytes()) == run[columns.index("crc32_rgb")]


def test_changed_pixels(base, values):
    for (_, seed), packed in zip(values["dist_mask_index"], values["dist_masks_packed"], strict=True):
        _, result = distorted(base, int(seed))
        assert (np.packbits(result[0] != base[0]) == packed).all()


def test_distortions_as_a_population(base, values):
    distort, changed = RandBoxDistortion().set_random_state(7), {branch: [] for branch in BRANCHES}
    for _ in range(1500):
        result = distort(base)
        changed[distort.branch].append((result != base).mean())
    found = dict(zip(values["dist_pop_columns"].tolist(), values["dist_pop"].T, strict=True))
    counts = np.array([len(fractions) for fractions in changed.values()])
    assert chisquare(counts, 1500 * np.array([0.30, 0.05, 0.30, 0.35])).pvalue > UNLIKELY
    for branch, mean, std in zip(BRANCHES, found["frac_changed_mean"], found["frac_changed_std"], strict=True):
        error = std / np.sqrt(len(changed[branch]))
        assert np.mean(changed[branch]) == pytest.approx(mean, abs=3.5 * error)


def pipeline(**words):
    """Give what the bundle does to pictures, in its published form."""
    parser = ConfigParser()
    parser.read_config([ROOT / f"bundles/dira/configs/{name}.json" for name in ("pretrain", "paper")])
    parser.update({"picture#channels": 1, **words})
    return parser.get_parsed_content("train#preprocessing")


def correlation(first, second):
    return np.corrcoef(first.ravel(), second.ravel())[0, 1]


def statistics(source, runs, **words):
    """Of many runs, by the names of the golden columns; axis 0 of our images runs from left to right."""
    views, image, found = pipeline(**words), np.ascontiguousarray(source.T[None]), []
    for seed in range(runs):
        result = views.set_random_state(seed=seed)({"image": image})
        (first, second), target = result["image"].double().numpy(), result["volume"].double().numpy()
        assert first.shape == second.shape == target.shape == (1, 224, 224)
        run = {"corr_v1_target": correlation(first, target), "corr_v1_fliptarget": correlation(first, target[:, ::-1])}
        for name, values in (("v1", first), ("v2", second), ("target", target)):
            run |= {f"{name}_mean": values.mean(), f"{name}_std": values.std()}
        found.append(run | {"v1_frac_zero": (first == 0).mean()})
    return {name: np.array([run[name] for run in found]) for name in found[0]}


@pytest.fixture(scope="module")
def ours(values):
    return statistics(values["tf_source"], 200)


@pytest.fixture(scope="module")
def theirs(values):
    return dict(zip(values["tf_runs_columns"].tolist(), values["tf_runs"].T, strict=True))


def test_views_and_target_as_distributions(ours, theirs):
    assert set(theirs) - set(ours) == {"seed", "v1_max_channel_dev"}
    for name, found in ours.items():
        assert ks_2samp(found, theirs[name], method="asymp").pvalue > UNLIKELY, name
    assert theirs["v1_max_channel_dev"].max() < 1e-7  # rounding of the mean: one channel says it all


def test_target_is_not_flipped_with_the_view(ours, theirs):
    mirrored = [int((found["corr_v1_fliptarget"] > found["corr_v1_target"]).sum()) for found in (ours, theirs)]
    assert mirrored[1] == 110
    assert binomtest(mirrored[0], 200, 0.5).pvalue > UNLIKELY


def test_target_may_be_flipped_with_the_view(values):
    found = statistics(values["tf_source"], 40, flip_target=True)
    assert (found["corr_v1_target"] > found["corr_v1_fliptarget"]).mean() > 0.9
