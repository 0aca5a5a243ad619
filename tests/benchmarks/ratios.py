"""How much faster our perturbations are than their plain definitions and than MONAI's nearest transforms.

python tests/benchmarks/ratios.py [SECONDS A MEASUREMENT]
"""

import os
import sys
import time
from pathlib import Path

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")  # before numpy is imported
sys.path.insert(0, str(Path(__file__).parent))

import naive
import numpy as np
import torch
from monai.transforms import Rand3DElastic, RandCoarseDropout, RandCoarseShuffle, RandHistogramShift

from medssl import transforms as fast
from medssl.checks import one_thread, seconds_per_call

SHAPE = (1, 64, 64, 32)
WINDOWS = {"holes": 10_000, "spatial_size": (1, 1, 1), "max_spatial_size": (6, 6, 3), "prob": 1.0}
INNER = {"holes": 1, "spatial_size": (10, 10, 5), "max_spatial_size": (21, 21, 10), "prob": 1.0}
OUTER = {"holes": 1, "spatial_size": (28, 28, 14), "max_spatial_size": (37, 37, 19), "prob": 1.0}
FIELD = {"sigma_range": (8, 8), "magnitude_range": (991, 991), "padding_mode": "reflection", "prob": 1.0}
CHANGING = ("exactly one", "layered")  # what a call takes depends much on what it draws


def rows():
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
        transform.set_random_state(0)
        return lambda: transform(tensor)

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


def _milliseconds(task, seconds):
    return 1e3 * seconds_per_call(task, seconds=seconds, clock=time.process_time) if task else None


def main(seconds):
    sys.stdout.write("| one thread, a 64x64x32 cube | ms | plain, ms | ratio | MONAI's nearest, ms | ratio |\n")
    sys.stdout.write("|---|---|---|---|---|---|\n")
    with one_thread():
        for name, *tasks in rows():
            enough = 8 * seconds if name.startswith(CHANGING) else seconds
            ours, plain, monai = (_milliseconds(task, enough) for task in tasks)
            nearest = f"{monai:.2f} | {monai / ours:.1f}" if monai else " | "
            sys.stdout.write(f"| {name} | {ours:.2f} | {plain:.2f} | {plain / ours:.1f} | {nearest} |\n")


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 3.0)
