"""Changing grey values: along a random curve, or in brightness and contrast."""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image

from medssl.transforms.base import RandImage, require_chances
from medssl.transforms.mapping import RandMap

__all__ = [
    "RandBezierIntensity",
    "RandBezierIntensityd",
    "RandBrightnessContrast",
    "RandBrightnessContrastd",
    "bend_intensity",
    "bezier_curve",
    "stretch_greys",
]

GREYS = Image.frombytes("L", (256, 1), bytes(range(256)))


def bezier_curve(points: np.ndarray, samples: int) -> tuple[np.ndarray, np.ndarray]:
    """Cubic Bezier curve from (0, 0) to (1, 1), at equally spaced parameters.

    Args:
        points: the two inner control points, ``(2, 2)``: point by coordinate (x, y), each in [0, 1].
        samples: points on the curve, at least 2.

    Returns:
        x and y of the samples, both rising from 0 to 1, ``(samples,)``.
    """
    s = np.linspace(0, 1, samples)
    weights = 3 * s * (1 - s) ** 2, 3 * s * s * (1 - s), s * s * s
    x, y = (weights[0] * first + weights[1] * second + weights[2] for first, second in np.transpose(points))
    return x, y


def bend_intensity(image: np.ndarray, curve: tuple[np.ndarray, np.ndarray], *, cells: int = 2**12) -> np.ndarray:
    """Map each value along a curve, by linear interpolation between the curve's samples.

    Does what ``numpy.interp(image, *curve)`` does, 20 times as fast: a table of equal cells replaces the search for
    the neighbouring samples. A cell may hide several samples where the curve is steep, which it can only be close to 0
    and 1; there the search is done. The results differ by less than 1e-4, and by 1e-7 for all but the steepest curves.

    Args:
        image: values of any shape; those outside [0, 1] are mapped as 0 and 1 are.
        curve: x, rising from 0 to 1, and y of the samples.
        cells: size of the table.
    """
    table = np.interp(np.linspace(0, 1, cells + 1), *curve).astype(image.dtype)
    values = np.clip(image, 0, 1).ravel()
    place = values * image.dtype.type(cells)
    cell = np.floor(place)
    place -= cell  # how far into its cell, 0 at a node of the table
    low = cell.astype(np.int32)
    bent = np.diff(table, append=table[-1:]).take(low)
    bent *= place
    bent += table.take(low)
    steep = np.flatnonzero((np.abs(values - 0.5) > 0.496) & (place > 0))
    bent[steep] = np.interp(values[steep], *curve)
    return bent.reshape(image.shape)


class RandBezierIntensity(RandImage):
    """Bend the grey values of an image along a random curve.

    Shapes stay as they are, so the change can only be undone by knowing how bright an organ ought to be.

    Args:
        prob: chance of bending at all, in [0, 1].
        invert_prob: chance that dark and bright also trade places, in [0, 1].
        samples: points on the curve; values between them are interpolated. 100,000 change a value by less than 1e-5.

    Shape:
        ``(C, *S)`` in, the same out. Values in [0, 1] before and after.

    Raises:
        ValueError: if a value lies outside [0, 1].

    Source:
        Zhou et al., Models Genesis, Medical Image Analysis 2021, non-linear transformation.
    """

    values = "unit"

    def __init__(self, prob: float = 1.0, *, invert_prob: float = 0.5, samples: int = 4097) -> None:
        super().__init__(prob)
        require_chances("RandBezierIntensity", invert_prob=invert_prob)
        if samples < 2:
            raise ValueError(f"RandBezierIntensity needs at least 2 samples of the curve, got {samples}.")
        self.invert_prob = invert_prob
        self.samples = samples

    def randomize(self, data: Any = None) -> None:
        super().randomize(data)
        if self._do_transform:
            x, y = bezier_curve(self.R.uniform(size=(2, 2)), self.samples)
            self.curve = (x, y[::-1] if self.R.rand() < self.invert_prob else y)

    def apply(self, image: np.ndarray) -> np.ndarray:
        return bend_intensity(image, self.curve)


class RandBezierIntensityd(RandMap):
    """Dictionary form of :class:`RandBezierIntensity`."""

    array_class = RandBezierIntensity


def stretch_greys(image: np.ndarray, grey: int, *, factor: float) -> np.ndarray:
    """Multiply the distance of all values from one of them, and cut the results to whole numbers from 0 to 255.

    Args:
        image: uint8, of any shape.
        grey: the value that stays.
        factor: 0 or more.
    """
    table = Image.blend(Image.new("L", GREYS.size, grey), GREYS, factor).tobytes()
    stretched = bytearray(np.ascontiguousarray(image)).translate(table)  # twice as fast as indexing the table
    return np.frombuffer(stretched, dtype=np.uint8).reshape(image.shape)


class RandBrightnessContrast(RandImage):
    """Change brightness and contrast of an image, in random order, as Pillow does.

    Brightness is multiplied by a factor; contrast is the distance from the mean grey value, multiplied by another.
    After each, values are cut to whole numbers from 0 to 255.

    Args:
        prob: chance of changing anything, in [0, 1].
        brightness: how far its factor may lie from 1 to either side, in [0, 1].
        contrast: how far its factor may lie from 1 to either side, in [0, 1].

    Shape:
        ``(C, *S)`` of uint8 in, the same out. All channels share one mean.

    Raises:
        ValueError: if a value lies outside [0, 1].

    Source:
        Chen et al., Improved Baselines with Momentum Contrastive Learning, arXiv 2020, the part of its colour jitter
        that a grey image feels.
    """

    values = "bytes"

    def __init__(self, prob: float = 0.8, *, brightness: float = 0.4, contrast: float = 0.4) -> None:
        super().__init__(prob)
        require_chances("RandBrightnessContrast", brightness=brightness, contrast=contrast)
        self.brightness = brightness
        self.contrast = contrast

    def randomize(self, data: Any = None) -> None:
        super().randomize(data)
        if self._do_transform:
            factors = [
                ("brightness", 1 + self.brightness * self.R.uniform(-1, 1)),
                ("contrast", 1 + self.contrast * self.R.uniform(-1, 1)),
            ]
            self.factors = factors if self.R.rand() < 0.5 else factors[::-1]

    def apply(self, image: np.ndarray) -> np.ndarray:
        for what, factor in self.factors:
            grey = int(image.mean() + 0.5) if what == "contrast" else 0
            image = stretch_greys(image, grey, factor=factor)
        return image


class RandBrightnessContrastd(RandMap):
    """Dictionary form of :class:`RandBrightnessContrast`."""

    array_class = RandBrightnessContrast
