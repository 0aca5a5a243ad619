"""The views against numbers of the published program: distortions draw for draw, the rest as distributions."""

import zlib
from random import Random

import numpy as np
import pytest
from monai.transforms import Compose, CopyItemsd
from scipy.stats import binomtest, chisquare, ks_2samp

from medssl.transforms import (
    RandBlurd,
    RandBoxDistortion,
    RandBoxDistortiond,
    RandBrightnessContrastd,
    RandRepeatedFlipd,
    RandResizedCropd,
    StackViewsd,
    UnitFloatd,
)

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


@pytest.fixture(scope="module")
def pipeline():
    steps = [
        CopyItemsd("image", names="view_2"),
        RandResizedCropd("image", size=224),
        RandResizedCropd("view_2", size=224),
        CopyItemsd("image", names="volume"),
    ]
    for view in ("image", "view_2"):
        flip = RandRepeatedFlipd(view, prob=0.5, max_flips=1, idle_prob=0.0, axes=(0,))
        steps += [RandBrightnessContrastd(view), RandBlurd(view), flip]
    return Compose(
        [*steps, RandBoxDistortiond("image"), RandBoxDistortiond("view_2"), StackViewsd(), UnitFloatd("volume")]
    )


@pytest.fixture(scope="module")
def runs(pipeline, values):
    """Of 200 runs by the names of the golden columns; axis 0 of our images runs from left to right."""
    image = np.ascontiguousarray(values["tf_source"].T[None])
    found = []
    for seed in range(200):
        result = pipeline.set_random_state(seed=seed)({"image": image})
        (first, second), target = result["image"].double().numpy(), result["volume"].double().numpy()
        assert first.shape == second.shape == target.shape == (1, 224, 224)
        mirrored = target[:, ::-1].ravel()
        found.append(
            {
                "v1_mean": first.mean(),
                "v1_std": first.std(),
                "v2_mean": second.mean(),
                "v2_std": second.std(),
                "target_mean": target.mean(),
                "target_std": target.std(),
                "corr_v1_target": np.corrcoef(first.ravel(), target.ravel())[0, 1],
                "corr_v1_fliptarget": np.corrcoef(first.ravel(), mirrored)[0, 1],
                "v1_frac_zero": (first == 0).mean(),
            }
        )
    return {name: np.array([run[name] for run in found]) for name in found[0]}


def test_views_and_target_as_distributions(runs, values):
    theirs = dict(zip(values["tf_runs_columns"].tolist(), values["tf_runs"].T, strict=True))
    assert set(theirs) - set(runs) == {"seed", "v1_max_channel_dev"}
    for name, ours in runs.items():
        assert ks_2samp(ours, theirs[name], method="asymp").pvalue > UNLIKELY, name
    assert theirs["v1_max_channel_dev"].max() < 1e-7  # rounding of the mean: one channel says it all


def test_target_is_not_flipped_with_the_view(runs, values):
    theirs = dict(zip(values["tf_runs_columns"].tolist(), values["tf_runs"].T, strict=True))
    mirrored = [int((found["corr_v1_fliptarget"] > found["corr_v1_target"]).sum()) for found in (runs, theirs)]
    assert mirrored[1] == 110
    assert binomtest(mirrored[0], 200, 0.5).pvalue > UNLIKELY


def test_flipping_both_keeps_them_together(pipeline, values):
    flip = RandRepeatedFlipd(["image", "volume"], prob=0.5, max_flips=1, idle_prob=0.0, axes=(0,))
    together = Compose([flip if step is pipeline.transforms[6] else step for step in pipeline.transforms])
    image = np.ascontiguousarray(values["tf_source"].T[None])
    better = []
    for seed in range(40):
        result = together.set_random_state(seed=seed)({"image": image})
        view, target = result["image"][0].numpy(), result["volume"].numpy()
        pairs = (np.corrcoef(view.ravel(), other.ravel())[0, 1] for other in (target, target[:, ::-1]))
        better.append(next(pairs) > next(pairs))
    assert np.mean(better) > 0.9
