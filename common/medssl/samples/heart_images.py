"""Images of a heart: averages through the slice, breath-holds that differ, uneven coils and noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from medssl.samples.heart_bodies import ChestBody
from medssl.samples.heart_planes import HeartView
from medssl.samples.phantom import CHAMBERS, PhantomBody

BREATH_MM = 2.0
GAIN, SLOPE, NOISE = (1.5, 4.0), (0.0, 0.002), (4.0, 9.0)  # factor, its change a mm, SD of the noise; blood is 220
DIMMEST = 0.3  # share of the gain that is left far from the coils

Body = ChestBody | PhantomBody  # a heart and what is around it


@dataclass(frozen=True)
class Scanner:
    """How one study shows brightness.

    Args:
        gain: what brightness is multiplied with.
        slope: relative change of the gain a mm, towards right, front and head, ``(3,)``.
        noise: standard deviation of the noise before the gain.
    """

    gain: float
    slope: np.ndarray
    noise: float

    @classmethod
    def drawn(cls, generator: np.random.Generator) -> Scanner:
        """Draw one: gain 1.5 to 4, up to 0.2 % slope a mm, noise 4 to 9."""
        direction = generator.normal(size=3)
        slope = generator.uniform(*SLOPE) * direction / np.linalg.norm(direction)
        return cls(generator.uniform(*GAIN), slope, generator.uniform(*NOISE))


def acquire(
    body: Body, view: HeartView, *, scanner: Scanner, generator: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Take the images of a view.

    A pixel is the mean of five places through the slice, its chamber what most of them lie in. Every slice is a
    breath-hold of its own: the body lies 2 mm an axis elsewhere, which the view's affine does not know.

    Args:
        body: what is seen.
        view: where.
        scanner: how.
        generator: draws breath-holds and noise.

    Returns:
        Brightness, int16, and chambers, uint8, each ``(columns, rows, slices)``.
    """
    slices = [_slice(body, view.points(n), scanner=scanner, generator=generator) for n in range(view.shape[2])]
    images, labels = zip(*slices, strict=True)
    return np.stack(images, axis=-1), np.stack(labels, axis=-1)


def _slice(
    body: Body, points: np.ndarray, *, scanner: Scanner, generator: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    seen, chambers = body.look(points + generator.normal(0, BREATH_MM, size=(3, 1, 1, 1)))
    away = points.mean(axis=1) - body.frame.base.reshape(3, 1, 1)
    grey = seen.mean(axis=0) * np.clip(1 + np.tensordot(scanner.slope, away, axes=1), DIMMEST, None)
    noise = scanner.noise * generator.standard_normal((2, *grey.shape))
    shares = [(chambers == chamber).sum(axis=0) for chamber in range(len(CHAMBERS) + 1)]
    image = scanner.gain * np.hypot(grey + noise[0], noise[1])  # the magnitude of complex noise
    return image.round().astype(np.int16), np.argmax(shares, axis=0).astype(np.uint8)
