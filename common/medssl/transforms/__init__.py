"""What is done to one image, drawn from a seeded state."""

from medssl.transforms.base import RandImage
from medssl.transforms.composition import layered_perturbations, one_perturbation
from medssl.transforms.elastic import (
    RandSmoothElastic,
    RandSmoothElasticd,
    smooth_noise,
    smoothing_matrix,
    warp_in_plane,
)
from medssl.transforms.flipping import RandRepeatedFlip, RandRepeatedFlipd
from medssl.transforms.intensity import RandBezierIntensity, RandBezierIntensityd, bend_intensity, bezier_curve
from medssl.transforms.mapping import RandMap
from medssl.transforms.painting import RandInPaint, RandInPaintd, RandOutPaint, RandOutPaintd, keep_boxes, paint_boxes
from medssl.transforms.shuffling import RandLocalShuffle, RandLocalShuffled, shuffled_sources

__all__ = [
    "RandBezierIntensity",
    "RandBezierIntensityd",
    "RandImage",
    "RandInPaint",
    "RandInPaintd",
    "RandLocalShuffle",
    "RandLocalShuffled",
    "RandMap",
    "RandOutPaint",
    "RandOutPaintd",
    "RandRepeatedFlip",
    "RandRepeatedFlipd",
    "RandSmoothElastic",
    "RandSmoothElasticd",
    "bend_intensity",
    "bezier_curve",
    "keep_boxes",
    "layered_perturbations",
    "one_perturbation",
    "paint_boxes",
    "shuffled_sources",
    "smooth_noise",
    "smoothing_matrix",
    "warp_in_plane",
]
