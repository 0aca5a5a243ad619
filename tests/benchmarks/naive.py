"""The definitions of the perturbations, written plainly: what the fast versions are compared with, in result and time.

The first half takes its draws, the second half draws them one by one. Images are ``(C, *S)`` arrays.
"""

from random import Random

import numpy as np
from scipy.ndimage import gaussian_filter, map_coordinates


def bezier(points, samples=100_000):
    """Cubic from (0, 0) to (1, 1) over the two inner points."""
    ends = [(0.0, 0.0), *map(tuple, points), (1.0, 1.0)]
    s = np.linspace(0, 1, samples)
    basis = [(1 - s) ** 3, 3 * s * (1 - s) ** 2, 3 * s**2 * (1 - s), s**3]
    return tuple(sum(weight * end[axis] for weight, end in zip(basis, ends, strict=True)) for axis in (0, 1))


def bend(image, points, invert, samples=100_000):
    x, y = bezier(points, samples)
    return np.interp(image, x, y[::-1] if invert else y)


def shuffle(image, starts, sizes, orders):
    """Write each window's own voxels back into it in another order; the later window wins."""
    shuffled = image.copy()
    for start, size, order in zip(starts, sizes, orders, strict=True):
        window = (slice(None), *(slice(a, a + n) for a, n in zip(start, size, strict=True)))
        values = image[window]
        shuffled[window] = values.reshape(len(image), -1)[:, order].reshape(values.shape)
    return shuffled


def paint_in(image, boxes, fills):
    """Boxes are (starts, sizes)."""
    painted = image.copy()
    for (starts, sizes), fill in zip(boxes, fills, strict=True):
        for place in np.ndindex(*sizes):
            painted[(slice(None), *np.add(starts, place))] = fill[(slice(None), *place)]
    return painted


def paint_out(image, boxes, background):
    kept = background.copy()
    for starts, sizes in boxes:
        for place in np.ndindex(*sizes):
            voxel = (slice(None), *np.add(starts, place))
            kept[voxel] = image[voxel]
    return kept


def smooth_field(noise, sigma=8.0, amplitude=991.0, truncate=4.0):
    return gaussian_filter(noise, sigma, mode="constant", cval=0, truncate=truncate) * amplitude


def warp(image, down, right):
    """Sample at displaced rows and columns; fields are of the spatial shape."""
    places = np.meshgrid(*(np.arange(n) for n in image.shape[1:]), indexing="ij")
    places = [places[0] + down, places[1] + right, *places[2:]]
    return np.stack([map_coordinates(channel, places, order=1, mode="reflect") for channel in image])


def flip(image, axes):
    for axis in axes:
        image = np.flip(image, axis + 1)
    return image


def draw_bend(image, rng):
    return bend(image, rng.rand(2, 2), rng.rand() < 0.5)


def draw_shuffle(image, rng, windows=10_000):
    draw = Random(int(rng.randint(2**31))).randint  # quicker than numpy for single numbers
    shuffled = image.copy()
    for _ in range(windows):
        sizes = [draw(1, n // 10) for n in image.shape[1:]]
        starts = [draw(0, n - size) for n, size in zip(image.shape[1:], sizes, strict=True)]
        window = (slice(None), *(slice(a, a + n) for a, n in zip(starts, sizes, strict=True)))
        values = image[window].flatten()
        rng.shuffle(values)
        shuffled[window] = values.reshape(1, *sizes)
    return shuffled


def _draw_box(shape, sizes, rng):
    starts = [rng.randint(3, n - size - 3 + 1) for n, size in zip(shape, sizes, strict=True)]
    return (slice(None), *(slice(a, a + n) for a, n in zip(starts, sizes, strict=True)))


def draw_paint_in(image, rng, boxes=1, box_prob=1.0):
    painted, left = image.copy(), boxes
    while left > 0 and rng.rand() < box_prob:
        sizes = [rng.randint(n // 6, n // 3 + 1) for n in image.shape[1:]]
        painted[_draw_box(image.shape[1:], sizes, rng)] = rng.rand(len(image), *sizes)
        left -= 1
    return painted


def draw_paint_out(image, rng, boxes=1, box_prob=0.95):
    kept, left = rng.rand(*image.shape), boxes
    while left > 0 and (left == boxes or rng.rand() < box_prob):
        sizes = [n - rng.randint(3 * n // 7, 4 * n // 7 + 1) for n in image.shape[1:]]
        box = _draw_box(image.shape[1:], sizes, rng)
        kept[box] = image[box]
        left -= 1
    return kept


def draw_warp(image, rng):
    right, down = (smooth_field(rng.rand(*image.shape[1:]) * 2 - 1) for _ in range(2))
    return warp(image, down, right)


def draw_flips(image, other, rng, chance=0.4, most=3):
    for _ in range(most):
        if rng.rand() >= chance:
            break
        axis = rng.randint(0, 3)  # the channel axis is one of the three
        image, other = np.flip(image, axis), np.flip(other, axis)
    return image, other


def draw_one(image, rng):
    """Warp, then one of four."""
    warped = draw_warp(image, rng)
    draw = rng.rand()
    if draw <= 0.25:
        return draw_shuffle(warped, rng, windows=5)
    if draw <= 0.5:
        return draw_bend(warped, rng)
    return draw_paint_in(warped, rng) if draw <= 0.75 else draw_paint_out(warped, rng)


def draw_layers(image, volume, rng):
    """Flip both, then shuffle, bend and paint one of them."""
    image, volume = draw_flips(image, volume, rng)
    if rng.rand() < 0.5:
        image = draw_shuffle(image, rng)
    if rng.rand() < 0.9:
        image = draw_bend(image, rng)
    if rng.rand() < 0.9:
        inside = rng.rand() < 0.2
        image = draw_paint_in(image, rng, 5, 0.95) if inside else draw_paint_out(image, rng, 5)
    return image, volume
