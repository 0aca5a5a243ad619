"""The definitions of the perturbations, written plainly: what the fast versions are compared with, in result and time.

The first half takes its draws, the second half draws them one by one. Images are ``(C, *S)`` arrays.
"""

from random import Random

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter
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


def pictures(image, change):
    """Change the picture of each channel; its width is the last axis."""
    return np.stack([np.asarray(change(Image.fromarray(channel))) for channel in image])


def crop(image, starts, lengths, size):
    box = (starts[1], starts[0], starts[1] + lengths[1], starts[0] + lengths[0])
    return pictures(image, lambda picture: picture.crop(box).resize((size, size), Image.Resampling.BILINEAR))


def brighten(image, factor):
    return pictures(image, lambda picture: ImageEnhance.Brightness(picture).enhance(factor))


def contrast(image, factor):
    return pictures(image, lambda picture: ImageEnhance.Contrast(picture).enhance(factor))


def blur(image, sigma):
    return pictures(image, lambda picture: picture.filter(ImageFilter.GaussianBlur(sigma)))


def swap(image, pairs):
    """Pairs of (starts, sizes)."""
    swapped = image.copy()
    for (first, sizes), (second, _) in pairs:
        for target, source in ((first, second), (second, first)):
            for place in np.ndindex(*sizes):
                swapped[(slice(None), *np.add(target, place))] = image[(slice(None), *np.add(source, place))]
    return swapped


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


def draw_crop(image, rng, size):
    """Ten tries, then the largest box with an aspect ratio that is allowed, from the centre."""
    width, height = image.shape[1:]
    for _ in range(10):
        area = width * height * rng.uniform(0.2, 1)
        aspect = np.exp(rng.uniform(np.log(3 / 4), np.log(4 / 3)))
        lengths = [round(float(np.sqrt(area * factor))) for factor in (aspect, 1 / aspect)]
        if lengths[0] <= width and lengths[1] <= height:
            starts = rng.randint(0, width - lengths[0] + 1), rng.randint(0, height - lengths[1] + 1)
            return crop(image, starts, lengths, size)
    lengths = min(width, round(height * 4 / 3)), min(height, round(width * 4 / 3))
    return crop(image, ((width - lengths[0]) // 2, (height - lengths[1]) // 2), lengths, size)


def draw_jitter(image, rng):
    if rng.rand() >= 0.8:
        return image
    factors = {brighten: rng.uniform(0.6, 1.4), contrast: rng.uniform(0.6, 1.4)}
    for change in rng.permutation(list(factors)):
        image = change(image, factors[change])
    return image


def draw_blur(image, rng):
    return blur(image, rng.uniform(0.1, 2.0)) if rng.rand() < 0.5 else image


def _draw_window(side, sizes, draw):
    top, left = (draw.randint(3, side - size - 3) for size in sizes)
    return np.s_[:, top : top + sizes[0], left : left + sizes[1]]


def draw_distortion(image, draw):
    """Cut out, keep or swap boxes of a plane of 224 x 224, or nothing; draws from Python's generator."""
    side, first = image.shape[1], draw.random()
    if first > 0.65:
        return image
    distorted = np.zeros_like(image) if 0.30 < first <= 0.35 else image.copy()
    for _ in range(10):
        if first > 0.35:
            sizes = draw.randint(10, 15), draw.randint(10, 15)
            one, two = (_draw_window(side, sizes, draw) for _ in range(2))
            distorted[one] = image[two]
            distorted[two] = image[one]
            continue
        sizes = [draw.randint(10, 70) if first <= 0.30 else side - draw.randint(50, 70) for _ in range(2)]
        window = _draw_window(side, sizes, draw)
        distorted[window] = 0 if first <= 0.30 else image[window]
        if draw.random() < 0.1:
            break
    return distorted


def draw_views(image, rng, size=224):
    """Two views of one plane, and what the first was cut to."""
    crops, views = [draw_crop(image, rng, size) for _ in range(2)], []
    for view in crops:
        jittered = draw_blur(draw_jitter(view, rng), rng)
        mirrored = jittered[:, ::-1] if rng.rand() < 0.5 else jittered
        views.append(draw_distortion(mirrored, Random(int(rng.randint(2**31)))))
    return np.stack(views) / np.float32(255), crops[0] / np.float32(255)
