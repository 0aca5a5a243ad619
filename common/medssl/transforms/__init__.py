"""What is done to one image, drawn from a seeded state."""

from medssl.transforms.base import RandImage
from medssl.transforms.blurring import RandBlur, RandBlurd, blur_planes
from medssl.transforms.composition import layered_perturbations, one_perturbation
from medssl.transforms.cropping import RandResizedCrop, RandResizedCropd, centre_box
from medssl.transforms.distortion import RandBoxDistortion, RandBoxDistortiond, swap_boxes
from medssl.transforms.elastic import (
    RandSmoothElastic,
    RandSmoothElasticd,
    smooth_noise,
    smoothing_matrix,
    warp_in_plane,
)
from medssl.transforms.flipping import RandRepeatedFlip, RandRepeatedFlipd
from medssl.transforms.host_planes import RandHostPlaned
from medssl.transforms.intensity import (
    RandBezierIntensity,
    RandBezierIntensityd,
    RandBrightnessContrast,
    RandBrightnessContrastd,
    bend_intensity,
    bezier_curve,
    stretch_greys,
)
from medssl.transforms.labels import KnownLabelsd
from medssl.transforms.mapping import RandMap
from medssl.transforms.masking import RandBlockMask, RandBlockMaskd, spread_blocks
from medssl.transforms.painting import RandInPaint, RandInPaintd, RandOutPaint, RandOutPaintd, keep_boxes, paint_boxes
from medssl.transforms.paired_crops import RandPairedCropsd, centred_crop
from medssl.transforms.plane_images import BlankDiscd, FlatPlaned
from medssl.transforms.plane_lines import PlaneLinesd
from medssl.transforms.positions import AnatomicalPositionsd
from medssl.transforms.resampling import PlainSpacingd
from medssl.transforms.scaled_views import RandScaledViewsd
from medssl.transforms.shuffling import RandLocalShuffle, RandLocalShuffled, shuffled_sources
from medssl.transforms.stacking import StackViewsd, UnitFloatd

__all__ = [
    "AnatomicalPositionsd",
    "BlankDiscd",
    "FlatPlaned",
    "KnownLabelsd",
    "PlainSpacingd",
    "PlaneLinesd",
    "RandBezierIntensity",
    "RandBezierIntensityd",
    "RandBlockMask",
    "RandBlockMaskd",
    "RandBlur",
    "RandBlurd",
    "RandBoxDistortion",
    "RandBoxDistortiond",
    "RandBrightnessContrast",
    "RandBrightnessContrastd",
    "RandHostPlaned",
    "RandImage",
    "RandInPaint",
    "RandInPaintd",
    "RandLocalShuffle",
    "RandLocalShuffled",
    "RandMap",
    "RandOutPaint",
    "RandOutPaintd",
    "RandPairedCropsd",
    "RandRepeatedFlip",
    "RandRepeatedFlipd",
    "RandResizedCrop",
    "RandResizedCropd",
    "RandScaledViewsd",
    "RandSmoothElastic",
    "RandSmoothElasticd",
    "StackViewsd",
    "UnitFloatd",
    "bend_intensity",
    "bezier_curve",
    "blur_planes",
    "centre_box",
    "centred_crop",
    "keep_boxes",
    "layered_perturbations",
    "one_perturbation",
    "paint_boxes",
    "shuffled_sources",
    "smooth_noise",
    "smoothing_matrix",
    "spread_blocks",
    "stretch_greys",
    "swap_boxes",
    "warp_in_plane",
]
