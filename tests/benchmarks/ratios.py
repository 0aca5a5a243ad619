"""How much faster our transforms are than their plain definitions and than MONAI's nearest transforms.

python tests/benchmarks/ratios.py [SECONDS A MEASUREMENT]
"""

import os
import sys
import time
from itertools import count
from pathlib import Path
from random import Random

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")  # before numpy is imported
sys.path.insert(0, str(Path(__file__).parent))

import naive
import numpy as np
import torch
from monai.transforms import (
    Compose,
    CopyItemsd,
    Rand3DElastic,
    RandAdjustContrast,
    RandCoarseDropout,
    RandCoarseShuffle,
    RandGaussianSmooth,
    RandHistogramShift,
    RandZoom,
)

from medssl import transforms as fast
from medssl.checks import one_thread, seconds_per_call
from medssl.data import KeyedDataset

SHAPE = (1, 64, 64, 32)
VIEWS = ("image", "view_2")
WINDOWS = {"holes": 10_000, "spatial_size": (1, 1, 1), "max_spatial_size": (6, 6, 3), "prob": 1.0}
INNER = {"holes": 1, "spatial_size": (10, 10, 5), "max_spatial_size": (21, 21, 10), "prob": 1.0}
OUTER = {"holes": 1, "spatial_size": (28, 28, 14), "max_spatial_size": (37, 37, 19), "prob": 1.0}
FIELD = {"sigma_range": (8, 8), "magnitude_range": (991, 991), "padding_mode": "reflection", "prob": 1.0}
CHANGING = ("exactly one", "layered", "distortion", "two views")  # what a call takes depends much on what it draws


def _seeded(transform, image):
    transform.set_random_state(0)
    return lambda: transform(image)


def cube_rows():
    """Name, ours, the plain definition, MONAI's nearest."""
    rng = np.random.RandomState(0)
    image = rng.rand(*SHAPE).astype(np.float32)
    tensor, data = torch.from_numpy(image), {"image": torch.from_numpy(image), "volume": torch.from_numpy(image)}
    one = fast.one_perturbation("image")
    one_by_modes = fast.one_perturbation("image", warp={"noise": "modes"})
    layers = fast.layered_perturbations("image", flip_keys=["image", "volume"])
    for composition in (one, one_by_modes, layers):
        composition.set_random_state(seed=0)

    def ours(transform):
        return _seeded(transform, tensor)

    def plain(function, **words):
        return lambda: function(image, rng, **words)

    yield "Bezier", ours(fast.RandBezierIntensity()), plain(naive.draw_bend), ours(RandHistogramShift(prob=1.0))
    shuffle, coarse = ours(fast.RandLocalShuffle(windows=10_000)), ours(RandCoarseShuffle(**WINDOWS))
    yield "shuffling, 10,000 windows", shuffle, plain(naive.draw_shuffle), coarse
    yield "shuffling, 5 windows", ours(fast.RandLocalShuffle(windows=5)), plain(naive.draw_shuffle, windows=5), None
    yield "in-painting", ours(fast.RandInPaint()), plain(naive.draw_paint_in), ours(RandCoarseDropout(**INNER))
    kept = ours(RandCoarseDropout(dropout_holes=False, **OUTER))
    yield "out-painting", ours(fast.RandOutPaint()), plain(naive.draw_paint_out), kept
    yield "elastic, exact", ours(fast.RandSmoothElastic()), plain(naive.draw_warp), ours(Rand3DElastic(**FIELD))
    yield "elastic, by modes", ours(fast.RandSmoothElastic(noise="modes")), plain(naive.draw_warp), None
    yield "exactly one", lambda: one(data), plain(naive.draw_one), None
    yield "exactly one, elastic by modes", lambda: one_by_modes(data), plain(naive.draw_one), None
    yield "layered", lambda: layers(data), lambda: naive.draw_layers(image, image, rng), None


def views(size):
    """Two views and the target of the first, as a bundle has them."""
    own = {"keys": VIEWS, "alike": False}
    return Compose(
        [
            CopyItemsd("image", names="view_2"),
            fast.RandResizedCropd(size=size, **own),
            CopyItemsd("image", names="volume"),
            fast.RandBrightnessContrastd(**own),
            fast.RandBlurd(**own),
            fast.RandRepeatedFlipd(prob=0.5, max_flips=1, idle_prob=0.0, axes=(0,), **own),
            fast.RandBoxDistortiond(**own),
            fast.StackViewsd(VIEWS),
            fast.UnitFloatd("volume"),
        ]
    )


def keyed_views(size, image):
    """One item after another, seeded as in a run."""
    dataset = KeyedDataset([{"image": image}] * 1000, views(size))
    keys = ((epoch, index) for epoch in count() for index in range(1000))
    return lambda: dataset[next(keys)]


def plane_rows():
    """The same columns for 8-bit planes."""
    rng, draw = np.random.RandomState(0), Random(0)
    copy = rng.randint(0, 256, (1, 320, 256)).astype(np.uint8)
    plane = copy[:, :224, :224].copy()
    tensor = torch.from_numpy(plane).float()

    def ours(transform):
        return _seeded(transform, plane)

    def monai(transform):
        return _seeded(transform, tensor)

    crop, zoom = fast.RandResizedCrop(size=224), RandZoom(1.0, min_zoom=1.0, max_zoom=2.2, mode="bilinear")
    yield "random resized crop", _seeded(crop, copy), lambda: naive.draw_crop(copy, rng, 224), monai(zoom)
    jitter, gamma = ours(fast.RandBrightnessContrast()), monai(RandAdjustContrast(prob=0.8))
    yield "brightness and contrast", jitter, lambda: naive.draw_jitter(plane, rng), gamma
    smooth = monai(RandGaussianSmooth((0.1, 2), (0.1, 2), prob=0.5))
    yield "blur", ours(fast.RandBlur()), lambda: naive.draw_blur(plane, rng), smooth
    holes = monai(RandCoarseDropout(1, (10, 10), max_holes=10, max_spatial_size=(70, 70), prob=0.65))
    yield "distortion", ours(fast.RandBoxDistortion()), lambda: naive.draw_distortion(plane, draw), holes
    colour, both = np.repeat(copy, 3, axis=0), keyed_views(224, copy)
    yield "two views and target", both, lambda: naive.draw_views(copy, rng), None
    yield "two views and target, plain with three channels", both, lambda: naive.draw_views(colour, rng), None
    yield "two views and target of 128", keyed_views(128, copy), lambda: naive.draw_views(copy, rng, 128), None


def _milliseconds(task, seconds):
    return 1e3 * seconds_per_call(task, seconds=seconds, clock=time.process_time) if task else None


def _measure(title, rows, seconds):
    sys.stdout.write(f"| {title} | ms | plain, ms | ratio | MONAI's nearest, ms | ratio |\n|---|---|---|---|---|---|\n")
    for name, *tasks in rows:
        enough = 8 * seconds if name.startswith(CHANGING) else seconds
        ours, plain, monai = (_milliseconds(task, enough) for task in tasks)
        nearest = f"{monai:.2f} | {monai / ours:.1f}" if monai else " | "
        sys.stdout.write(f"| {name} | {ours:.2f} | {plain:.2f} | {plain / ours:.1f} | {nearest} |\n")


def main(seconds):
    with one_thread():
        _measure("one thread, a 64x64x32 cube", cube_rows(), seconds)
        _measure("one thread, a plane of 320x256", plane_rows(), seconds)


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 3.0)
